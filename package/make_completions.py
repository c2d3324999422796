"""Writes completions for bash, zsh and fish from `taskwatchd --help`.

Usage: make_completions.py TASKWATCHD FOLDER
Writes FOLDER/taskwatchd.bash, FOLDER/_taskwatchd and FOLDER/taskwatchd.fish.
"""
import pathlib
import re
import sys

import commands

MADE = "Made from `taskwatchd --help`."


def sentence(text):
    """Returns the first sentence, or its first part: a menu has no room for more."""
    first = re.split(r"\.(?: |$)|; ", text)[0]
    return first if len(first) <= 80 else first.split(": ")[0]


def bash(known):
    def case(table):
        return "\n".join(f"    {word}) echo {' '.join(values)} ;;" for word, values in table)

    # A value follows the =, so the completion of a flag with a value ends in =.
    flags = case((command.name, [f"'{flag.name}{'=' if flag.value else ''}'" for flag in command.flags])
                 for command in known)
    choices = {flag.name: flag.choices for command in known for flag in command.flags if flag.choices}
    # The first argument of some commands is one of a few words.
    actions = case((command.name, argument.choices) for command in known for argument in command.arguments if argument.choices)
    files = sorted({flag.name for command in known for flag in command.flags if flag.value == "FILE"})
    names = "|".join(command.name for command in known)
    return f"""# bash completion for taskwatchd. {MADE}
_taskwatchd_flags() {{
  case $1 in
{flags}
  esac
}}

_taskwatchd_choices() {{
  case $1 in
{case(choices.items())}
  esac
}}

_taskwatchd_actions() {{
  case $1 in
{actions}
  esac
}}

_taskwatchd() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=run flag=
  [[ ${{COMP_WORDS[1]}} =~ ^({names})$ ]] && command=${{COMP_WORDS[1]}}
  COMPREPLY=()
  # bash takes --flag=value for three words.
  if [[ $current == = ]]; then
    flag=$before current=
  elif [[ $before == = ]]; then
    flag=${{COMP_WORDS[COMP_CWORD-2]}}
  elif [[ $before == --* ]]; then
    flag=$before
  fi
  case $flag in
    {'|'.join(files)})
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      compopt -o filenames 2>/dev/null
      return ;;
  esac
  local choices=
  [[ -n $flag ]] && choices=$(_taskwatchd_choices "$flag")
  if [[ -n $choices ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$current")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_taskwatchd_flags "$command")" -- "$current")
    [[ ${{#COMPREPLY[@]}} == 1 && ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace 2>/dev/null
  elif [[ $COMP_CWORD == 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "{names.replace('|', ' ')}" -- "$current")
  elif [[ $COMP_CWORD == 2 ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_taskwatchd_actions "$command")" -- "$current")
  fi
  return 0
}}
complete -F _taskwatchd taskwatchd
"""


def zsh(known):
    def quoted(text):
        return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")

    def flag_line(flag):
        line = f"{'*' if flag.repeatable else ''}{flag.name}{'=' if flag.value else ''}[{quoted(sentence(flag.help))}]"
        if flag.value:
            values = f"({' '.join(flag.choices)})" if flag.choices else "_files" if flag.value == "FILE" else " "
            line += f":{quoted(flag.value.lower())}:{values}"
        return f"        '{line}'"

    def case(command):
        lines = [flag_line(flag) for flag in command.flags]
        lines += [f"        '1:{argument.name.lower()}:({' '.join(argument.choices)})'" if argument.choices
                  else f"        '*:{argument.name.lower()}: '" for argument in command.arguments]
        return f"    {command.name})\n      _arguments \\\n" + " \\\n".join(lines) + " ;;\n"

    names = "\n".join(f"    '{command.name}:{quoted(sentence(command.help))}'" for command in known)
    return f"""#compdef taskwatchd
# {MADE}
_taskwatchd() {{
  local -a names
  names=(
{names}
  )
  local command=run
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command names
    return
  fi
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
{''.join(case(command) for command in known)}  esac
}}
_taskwatchd "$@"
"""


def fish(known):
    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    names = " ".join(command.name for command in known)
    lines = [f"# fish completion for taskwatchd. {MADE}", "complete -c taskwatchd -f"]
    for command in known:
        lines.append(f"complete -c taskwatchd -n {quoted(f'not __fish_seen_subcommand_from {names}')}"
                     f" -a {command.name} -d {quoted(sentence(command.help))}")
        for argument in command.arguments:
            if argument.choices:
                lines.append(f"complete -c taskwatchd -n {quoted(f'__fish_seen_subcommand_from {command.name}')}"
                             f" -a {quoted(' '.join(argument.choices))}")
    for command in known:
        others = " ".join(other.name for other in known if other is not command)
        when = (f"not __fish_seen_subcommand_from {others}" if command.name == "run"
                else f"__fish_seen_subcommand_from {command.name}")
        for flag in command.flags:
            line = f"complete -c taskwatchd -n {quoted(when)} -l {flag.name[2:]}"
            if flag.choices:
                line += f" -x -a {quoted(' '.join(flag.choices))}"
            elif flag.value:
                line += " -r -F" if flag.value == "FILE" else " -x"
            lines.append(line + f" -d {quoted(sentence(flag.help))}")
    return "\n".join(lines) + "\n"


def main(program, folder):
    known = commands.read(program)
    for name, made in (("taskwatchd.bash", bash), ("_taskwatchd", zsh), ("taskwatchd.fish", fish)):
        (pathlib.Path(folder) / name).write_text(made(known))


if __name__ == "__main__":
    main(*sys.argv[1:])
