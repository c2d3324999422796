// The current address: #/tasks?status=FAILED becomes
// {parts: ["tasks"], parameters: {status: "FAILED"}}.
import { query } from "./api.js";
import { topic } from "./topic.js";

function read() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  let parts = [];
  try {
    parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  } catch {
    parts = ["?"]; // not a valid address of the page
  }
  return { parts, parameters: Object.fromEntries(new URLSearchParams(search.replaceAll("+", "%2B"))) };
}

export const route = topic(read());

let replaced = false;
addEventListener("hashchange", () => {
  const page = () => [...route.value.parts, route.value.parameters.cursor].join("/");
  const before = page();
  route.set(read());
  // A new view starts at its top, and the focus moves to its heading, which screen readers
  // announce.
  if (!replaced && before !== page()) {
    scrollTo(0, 0);
    requestAnimationFrame(() => document.querySelector("main h1")?.focus({ preventScroll: true }));
  }
  replaced = false;
});

export const tasksAddress = (parameters) => {
  const text = query(parameters);
  return `#/tasks${text ? `?${text}` : ""}`;
};

// Shows the same view with other parameters, without a new entry in the browser's history.
export function replace(address) {
  replaced = true;
  history.replaceState(null, "", address);
  route.set(read());
  replaced = false;
}
