// Keeps API responses up to date while the page is visible.
import { useEffect, useReducer, useRef } from "preact/hooks";
import { ask, Refusal } from "./api.js";
import { onChange } from "./feed.js";

const EVERY = 5000; // ms between two requests for the same path
const SOONEST = 2500; // ms, the minimum between two requests, even if an event reports a change

// The last response for each path, so that a view that is opened again shows data at once. The oldest are removed
// first.
const remembered = new Map();
const REMEMBERED = 30;
function remember(path, data) {
  remembered.delete(path);
  remembered.set(path, { data, at: Date.now() });
  if (remembered.size > REMEMBERED) remembered.delete(remembered.keys().next().value);
}

// Returns {data, error, at}: the newest response for `path`. The request is repeated every few seconds while the
// page is visible, and sooner after events. The last data stay until newer data arrive.
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
        // Data that no longer exist must not stay on the page.
        if (why instanceof Refusal && [400, 404, 421].includes(why.status)) remembered.delete(path);
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
