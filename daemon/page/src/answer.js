// Answers that stay fresh while somebody looks at them.
import { useEffect, useReducer, useRef } from "preact/hooks";
import { ask, Refusal } from "./api.js";
import { onChange } from "./feed.js";

const EVERY = 5000; // ms between two looks at the same thing
const SOONEST = 2500; // ms, when events say that something moved

// What an answer was last, by path: a page that is opened again is there at once. The oldest leave.
const remembered = new Map();
const REMEMBERED = 30;
function remember(path, data) {
  remembered.delete(path);
  remembered.set(path, { data, at: Date.now() });
  if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value);
}

// {data, error, at}: the newest answer to `path`, asked again every few seconds while somebody looks at the page, and
// sooner after events. What was shown stays until there is something newer.
export function useAnswer(path, { every = EVERY } = {}) {
  const [, redraw] = useReducer((n) => n + 1, 0);
  const error = useRef({});
  useEffect(() => {
    if (!path) return undefined;
    let ended = false;
    let timer = 0;
    let asking = false;
    let asked = 0;
    const look = async () => {
      clearTimeout(timer);
      if (ended || asking) return;
      if (document.hidden) return;
      asking = true;
      asked = Date.now();
      try {
        remember(path, await ask(path));
        error.current = {};
      } catch (why) {
        error.current = { [path]: why };
        // What is not there any more must not stay as if it were.
        if (why instanceof Refusal && [400, 404].includes(why.status)) remembered.delete(path);
      }
      asking = false;
      if (ended) return;
      redraw();
      timer = setTimeout(look, every);
    };
    const sooner = () => {
      if (asking) return;
      clearTimeout(timer);
      timer = setTimeout(look, Math.max(0, asked + SOONEST - Date.now()));
    };
    const shown = () => document.hidden || look();
    const forget = onChange(sooner);
    document.addEventListener("visibilitychange", shown);
    look();
    return () => {
      ended = true;
      clearTimeout(timer);
      forget();
      document.removeEventListener("visibilitychange", shown);
    };
  }, [path, every]);
  return { ...remembered.get(path), error: error.current[path] };
}
