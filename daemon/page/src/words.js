// The language of the page, and its texts.
import en from "./words_en.js";
import zh from "./words_zh.js";
import { topic } from "./topic.js";

const WORDS = { en, zh };
const KEPT = "taskwatchd-language";

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // the browser has no storage
  }
}

const wanted = stored() ?? (navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en");
export const language = topic(Object.hasOwn(WORDS, wanted) ? wanted : "en");

export function speak(name) {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // the choice is not remembered
  }
  language.set(name);
}

// Returns the text of a key. `key.one` is the singular, used if the value `n` is 1.
function textOf(key, values) {
  const words = WORDS[language.value];
  return (values.n === 1 && words[`${key}.one`]) || words[key];
}

// Returns the text of a key; {name} is replaced by the value.
export function t(key, values = {}) {
  return textOf(key, values).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Like t, with values that are parts of the page.
export function phrase(key, values) {
  return textOf(key, values).split(/\{(\w+)\}/).map((part, n) => (n % 2 ? values[part] : part));
}

// Returns the text of a name that the daemon uses, such as a status, or the name itself if it has
// no text.
export const named = (group, word) => WORDS[language.value][`${group}.${word}`] ?? word;
