/**
 * Turns the DOM nodes of an old message into those of a new one; changes only what differs.
 * A picture is replaced once the new one is decoded, so that previews don't flicker.
 */

/** A picture in the page -> the picture that replaces it once it is loaded. */
const loading = new WeakMap();

/** Attributes that the page sets itself. A new rendering doesn't have them and must not remove them. */
const KEPT = new Set(["data-revealed"]);

/** @param {Node} from in the page @param {Node} to newly made @returns {Node} the node that is in the page now */
export function morph(from, to) {
  if (from instanceof HTMLImageElement && to instanceof HTMLImageElement) return morphPicture(from, to);
  if (from.nodeType !== to.nodeType || from.nodeName !== to.nodeName || keyOf(from) !== keyOf(to)) {
    from.parentNode.replaceChild(to, from);
    return to;
  }
  if (from.nodeType === Node.TEXT_NODE) {
    if (from.data !== to.data) from.data = to.data;
    return from;
  }
  if (from.nodeName === "svg") {
    if (!from.isEqualNode(to)) from.replaceWith(to);
    return from;
  }
  attributes(from, to);
  children(from, to);
  return from;
}

function keyOf(node) {
  return node.dataset?.key ?? null;
}

function attributes(from, to) {
  for (const { name } of [...from.attributes]) {
    if (!to.hasAttribute(name) && !KEPT.has(name)) from.removeAttribute(name);
  }
  for (const { name, value } of to.attributes) {
    if (name === "style") {
      if (from.style.cssText !== to.style.cssText) from.style.cssText = to.style.cssText;
    } else if (from.getAttribute(name) !== value) from.setAttribute(name, value);
  }
}

function children(from, to) {
  const old = [...from.childNodes];
  const byKey = new Map(old.filter(keyOf).map((node) => [keyOf(node), node]));
  const unkeyed = old.filter((node) => !keyOf(node));
  let place = 0;
  for (const fresh of [...to.childNodes]) {
    const key = keyOf(fresh);
    const match = key ? byKey.get(key) : unkeyed[0];
    let placed = fresh;
    if (match && match.nodeName === fresh.nodeName) {
      if (key) byKey.delete(key);
      else unkeyed.shift();
      placed = morph(match, fresh);
    }
    if (from.childNodes[place] !== placed) from.insertBefore(placed, from.childNodes[place] ?? null);
    place += 1;
  }
  while (from.childNodes.length > place) from.lastChild.remove();
}

/** The address of a picture without the signature, which changes with each link. */
function address(image) {
  return (image.getAttribute("src") ?? "").split("?")[0];
}

function morphPicture(from, to) {
  if (address(from) === address(to)) {
    loading.delete(from);
    const source = from.getAttribute("src");
    to.setAttribute("src", source);
    attributes(from, to);
    return from;
  }
  const next = loading.get(from);
  if (next && address(next) === address(to)) return from;
  loading.set(from, to);
  const show = () => {
    if (loading.get(from) !== to) return;
    loading.delete(from);
    if (from.isConnected) from.replaceWith(to);
  };
  to.decode().then(show, show);
  return from;
}
