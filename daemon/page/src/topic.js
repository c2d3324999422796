// A value that parts of the page observe: they redraw when it changes.
import { useEffect, useReducer } from "preact/hooks";

export function topic(value) {
  const watchers = new Set();
  return {
    value,
    set(next) {
      this.value = next;
      for (const watcher of watchers) watcher(next);
    },
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
  };
}

export function useTopic(one) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  useEffect(() => one.watch(redraw), [one]);
  return one.value;
}
