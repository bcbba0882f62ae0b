// Measures the page in the frame, with all that can be unfolded unfolded, and writes what it found into #measured.
// It uses nothing of the page but its rendering: the page itself has no script.
const luminance = (rgb) => {
  const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const parts = (color) => {
  const numbers = color.match(/[\d.]+/g).map(Number);
  return { rgb: numbers.slice(0, 3), alpha: numbers.length > 3 ? numbers[3] : 1 };
};
const over = (top, below) => top.rgb.map((v, i) => v * top.alpha + below[i] * (1 - top.alpha));

function background(element, view) {
  const layers = [];
  for (let at = element; at; at = at.parentElement) layers.push(parts(view.getComputedStyle(at).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
}

function contrast(element, view) {
  const style = view.getComputedStyle(element);
  const below = background(element, view);
  const text = parts(element.closest("svg") ? style.fill : style.color);
  const [light, dark] = [luminance(over(text, below)), luminance(below)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

document.querySelector("iframe").addEventListener("load", ({ target }) => {
  const view = target.contentWindow, page = target.contentDocument, root = page.documentElement;
  page.querySelectorAll("details").forEach((each) => { each.open = true; });
  const all = [...page.body.querySelectorAll("*")];
  const beyond = all.filter((each) => each.getBoundingClientRect().right > view.innerWidth + 0.5);
  const texts = all.filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const ratios = texts.map((each) => [contrast(each, view), each.tagName + " " + each.textContent.trim().slice(0, 40)]);
  const below = luminance(background(page.body, view));
  document.getElementById("measured").textContent = JSON.stringify({
    width: view.innerWidth,
    scroll_width: root.scrollWidth,
    beyond: beyond.map((each) => each.tagName + " " + each.textContent.trim().slice(0, 40)),
    lowest_contrast: ratios.sort((a, b) => a[0] - b[0])[0],
    texts: texts.length,
    is_dark: below < 0.2,
    prefers_dark: view.matchMedia("(prefers-color-scheme: dark)").matches,
    scripts: page.scripts.length,
    images: page.images.length,
    loaded: view.performance.getEntriesByType("resource").map((each) => each.name),
    plots: page.querySelectorAll("svg").length,
    plots_seen: [...page.querySelectorAll("svg")].filter((each) => each.getBoundingClientRect().height > 50).length,
  });
});
