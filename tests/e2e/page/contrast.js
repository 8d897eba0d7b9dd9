// Every visible text whose contrast with what lies behind it is below WCAG AA: [ratio, text, colours].
() => {
  const channel = (value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  const luminance = ([red, green, blue]) => 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
  const parsed = (colour) => colour.match(/[\d.]+/g).map(Number);
  const behind = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const colour = parsed(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!own || box.width < 2 || box.height < 2 || element.closest(".unseen, .skip, script")) continue;
    const style = getComputedStyle(element);
    const svg = element instanceof SVGElement;
    const ink = luminance(parsed(svg ? style.fill : style.color));
    const ground = luminance(behind(element));
    const ratio = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push([ratio.toFixed(2), element.textContent.trim().slice(0, 40), style.color]);
  }
  return found;
}
