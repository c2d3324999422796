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
export const language = topic(WORDS[wanted] ? wanted : "en");

export function speak(name) {
  try {
    localStorage.setItem(KEPT, name);
  } catch {
    // then it is asked again next time
  }
  language.set(name);
}

// The words of that key; {name} stands for a value. Under `key.one` is what is said of one.
export function t(key, values = {}) {
  const words = WORDS[language.value];
  const text = (values.n === 1 && words[`${key}.one`]) || words[key];
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// Likewise, with values that are parts of the page.
export function phrase(key, values) {
  return WORDS[language.value][key].split(/\{(\w+)\}/).map((part, n) => (n % 2 ? values[part] : part));
}

// A word of the daemon's own lists, or as it stands if it is not among them.
export const named = (group, word) => WORDS[language.value][`${group}.${word}`] ?? word;
