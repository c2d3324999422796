// The language of the page, and its words.
import en from "./words_en.js";
import zh from "./words_zh.js";
import { topic } from "./topic.js";

const WORDS = { en, zh };
const KEPT = "taskwatchd-language";

function stored() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

const wanted = stored() ?? (navigator.language?.toLowerCase().startsWith("zh") ? "zh" : "en");
export const language = topic(Object.hasOwn(WORDS, wanted) ? wanted : "en");

export function speak(name) {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // then it is asked again next time
  }
  language.set(name);
}

// Under `key.one` are the words for one, if `n` is among the values.
function textOf(key, values) {
  const words = WORDS[language.value];
  return (values.n === 1 && words[`${key}.one`]) || words[key];
}

// The words of that key; {name} stands for a value.
export function t(key, values = {}) {
  return textOf(key, values).replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// The same with values that are parts of the page.
export function phrase(key, values) {
  return textOf(key, values).split(/\{(\w+)\}/).map((part, n) => (n % 2 ? values[part] : part));
}

// A word of the daemon's own lists, or as it stands if it is not among them.
export const named = (group, word) => WORDS[language.value][`${group}.${word}`] ?? word;
