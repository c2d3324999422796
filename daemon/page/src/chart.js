// Shows uPlot charts in the page's colours, at the width of the containing element.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { html } from "./parts.js";
import { language } from "./words.js";

const HEIGHT = 220; // px
const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]; // s between two labels
const DARK = matchMedia("(prefers-color-scheme: dark)");

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function axis(size, extra) {
  const { filter, ...rest } = extra;
  return { stroke: colour("quiet"), grid: { stroke: colour("rule"), width: 1, ...(filter && { filter }) }, ticks: { show: false }, font: "12px system-ui, sans-serif", size, ...rest };
}
const time = (options) => (_, splits) => splits.map((at) => new Intl.DateTimeFormat(language.value, options).format(at * 1000));

// `series()` returns uPlot's series in the current colours; `data` has uPlot's format.
export function Chart({ label, series, data, y, scale, floor }) {
  const box = useRef();
  const plot = useRef();
  const newest = useRef(data);
  newest.current = data;
  useEffect(() => {
    const place = box.current;
    const draw = () => {
      plot.current?.destroy();
      const width = place.clientWidth;
      plot.current = new uPlot({
        width, height: HEIGHT, legend: { show: false }, cursor: { show: false }, padding: [8, 32, 0, 0],
        scales: { x: { time: true }, y: scale },
        axes: [axis(28, { values: time({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }), space: 90, incrs: SPANS }), axis(52, y)],
        series: [{}, ...series()],
      }, newest.current, place);
    };
    const size = new ResizeObserver(() => plot.current && place.clientWidth !== plot.current.width && draw());
    draw();
    size.observe(place);
    DARK.addEventListener("change", draw);
    return () => {
      size.disconnect();
      DARK.removeEventListener("change", draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [language.value, floor, data.length]);
  useEffect(() => plot.current?.setData(data), [data]);
  return html`<div class="chart" role="img" aria-label=${label} ref=${box}></div>`;
}
