#!/usr/bin/env python3
"""Task files while other programs write them: no task is lost, half an id is not watched, an invalid line is logged
once."""

import os
import time
import unittest

import harness
import reload_case
import worlds

TASKS = 8
NAMED = 2      # explicit tasks in `tasks`; the others are in files
PROMPT = 4     # s; from 0.1 s to 1 s if the kernel reports changes, and a margin for a busy machine
POLL = 5       # s, if the kernel does not report changes
DROP = 2       # s until a removed task is dropped
UNENDED = 5    # s until a last line without a newline is accepted


class TaskFiles(reload_case.Case):
    def setUp(self):
        super().setUp()
        self.daemon_ = self.begin({f"task{i}": worlds.still() for i in range(TASKS)})
        self.tasks_d = os.path.join(self.cloud.directory, "tasks.d")
        os.mkdir(self.tasks_d)
        self.rewrite(("        tasks:\n", "        task_files: [tasks.d/*.txt]\n        tasks:\n"),
                     *self.without(*(f"task{i}" for i in range(NAMED, TASKS))))
        self.reload(self.daemon_)
        self.file = os.path.join(self.tasks_d, "a.txt")

    def tearDown(self):
        self.assertEqual(self.daemon_.stop(), 0, self.daemon_.tail())
        super().tearDown()

    def counts(self):
        """Returns the number of tasks after each reload, in order."""
        return [event["tasks"] for event in self.daemon_.events("config_reloaded")]

    def wait_count(self, count, deadline=PROMPT):
        begun = time.monotonic()
        harness.wait_for(lambda: f"{count} tasks, not {self.counts()}; {self.daemon_.tail()}",
                         lambda: self.counts()[-1] == count, deadline)
        return time.monotonic() - begun

    def add(self, text, mode="a"):
        with open(self.file, mode, encoding="utf-8") as file:
            file.write(text)

    def asked(self):
        return {call["task"] for call in self.cloud.control("calls")["calls"]}

    def warnings(self, fragment):
        return [event["msg"] for event in self.daemon_.events(level="warn")
                if fragment in event["msg"]]

    def test_come_grow_are_replaced_and_go(self):
        time.sleep(1.2)  # files are read at most once per second
        self.add("task2\n")
        took = [self.wait_count(NAMED + 1)]
        time.sleep(1.2)
        self.add("task3\n# a note\ntask4\n")
        took.append(self.wait_count(NAMED + 3))
        time.sleep(1.2)
        worlds.rewrite(self.file, "task2\ntask3\ntask4\ntask5\n")
        took.append(self.wait_count(NAMED + 4))
        print("taken over after", ", ".join(f"{span * 1000:.0f} ms" for span in took), flush=True)
        self.daemon_.wait_metric("taskwatchd_tasks", NAMED + 4, state="unfinished")
        os.remove(self.file)
        self.assertGreater(self.wait_count(NAMED, DROP + PROMPT), DROP - 0.5)
        self.assertEqual(self.series_of(self.daemon_, "task2"), [])

    def test_half_an_id_is_not_watched(self):
        self.add("task2\nta")
        self.wait_count(NAMED + 1)
        for piece in ("s", "k", "3"):
            time.sleep(1)
            self.add(piece)
        time.sleep(UNENDED / 2)
        self.assertEqual(self.counts()[-1], NAMED + 1, "a line that is not ended")
        self.add("\ntask4")
        self.wait_count(NAMED + 2)
        # An editor that writes no final newline may have finished the line.
        self.assertGreater(self.wait_count(NAMED + 3, UNENDED + PROMPT), UNENDED - 2)
        self.daemon_.wait_metric("taskwatchd_tasks", NAMED + 3, state="unfinished")
        self.assertLessEqual(self.asked(), {f"task{i}" for i in range(5)})

    def test_a_rewrite_in_place_drops_nothing(self):
        text = "task2\ntask3\ntask4\n"
        self.add(text)
        self.wait_count(NAMED + 3)
        before = len(self.counts())
        for moment in ("emptied", "half", "away", "other name"):
            if moment == "emptied":
                self.add("", mode="w")
            elif moment == "half":
                self.add(text[:9], mode="w")
            elif moment == "away":
                os.remove(self.file)
            else:
                os.rename(self.file, self.file + ".old")
            time.sleep(1.3)
            self.add(text, mode="w")
            time.sleep(0.5)
        self.assertEqual(self.counts()[before:], [], "nothing was taken over")
        self.add("task5\n")
        self.wait_count(NAMED + 4)

    def test_an_invalid_line_is_logged_once(self):
        self.add("task2\nno id\ntask3\n")
        self.wait_count(NAMED + 2)
        self.add("task4\n")
        self.wait_count(NAMED + 3)
        time.sleep(POLL + 2)
        reported = self.warnings("no id")
        self.assertEqual(len(reported), 1, reported)
        self.assertIn(f"{self.file}:2:1: ", reported[0])
        # The line is logged again at a requested reload, because its operator needs the message.
        self.reload(self.daemon_)
        self.assertEqual(len(self.warnings("no id")), 2)

    def test_one_that_cannot_be_read_harms_no_other(self):
        self.add("task2\n")
        self.wait_count(NAMED + 1)
        os.remove(self.file)
        os.mkdir(self.file)
        worlds.rewrite(os.path.join(self.tasks_d, "b.txt"), "task3\n")
        self.wait_count(NAMED + 2)
        self.assertEqual(len(self.warnings("is not a regular file")), 1)
        time.sleep(DROP + 1)
        self.assertEqual(self.counts()[-1], NAMED + 2, "the earlier tasks stay")

    def test_a_configuration_being_edited_is_not_touched(self):
        """It does not delay the tasks either: the configuration is read only at a requested reload."""
        worlds.rewrite(self.cloud.config_file, "accounts: [half a\n")
        self.add("task2\n")
        self.wait_count(NAMED + 1)
        self.assertEqual(self.daemon_.events("config_reload_failed"), [])

    def test_without_inotify_files_are_checked_periodically(self):
        """A link to a file in another folder stands for a network folder."""
        elsewhere = self.write("elsewhere.txt", "task2\n")
        os.symlink(elsewhere, self.file)
        self.wait_count(NAMED + 1)
        with open(elsewhere, "a", encoding="utf-8") as file:
            file.write("task3\n")
        took = self.wait_count(NAMED + 2, POLL + PROMPT)
        print(f"seen after {took:.1f} s", flush=True)


if __name__ == "__main__":
    unittest.main()
