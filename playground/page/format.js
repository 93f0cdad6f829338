/** Writes sizes, names and times for people. No DOM. */

const DAY = 24 * 60 * 60 * 1000;

/** 1536 -> "1.5 KB" */
export function bytes(count) {
  if (!Number.isFinite(count)) return "";
  const units = ["bytes", "KB", "MB", "GB"];
  let unit = 0;
  let size = count;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(size < 10 ? 1 : 0)} ${units[unit]}`;
}

/** "member one" -> "M1", "admin" -> "A": letters for an avatar, different for each user. */
export function initials(name) {
  const ordinals = { one: "1", two: "2", three: "3", four: "4", five: "5" };
  const words = name.trim().split(/\s+/);
  const second = words[1] ? (ordinals[words[1].toLowerCase()] ?? [...words[1]][0]) : "";
  return ([...words[0]][0] ?? "?").toUpperCase() + second.toUpperCase();
}

/** The midnight of a date, in milliseconds. */
function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function sameDay(a, b) {
  return midnight(a) === midnight(b);
}

/** "14:05", "Yesterday at 14:05", "3 May 2026, 14:05" */
export function messageTime(date, now = new Date(), locale = undefined) {
  const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(date);
  const days = Math.round((midnight(now) - midnight(date)) / DAY);
  if (days === 0) return clock;
  if (days === 1) return `Yesterday at ${clock}`;
  return `${new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(date)}, ${clock}`;
}

export function longDate(date, locale = undefined) {
  return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(date);
}

const TIME_STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** Writes the timestamp `<t:seconds:style>`. @param {Date} date @param {string} style one of t T d D f F R */
export function timestamp(date, style, now = new Date(), locale = undefined) {
  if (style === "R") return relative(date, now, locale);
  return new Intl.DateTimeFormat(locale, TIME_STYLES[style] ?? TIME_STYLES.f).format(date);
}

function relative(date, now, locale) {
  const seconds = (date.getTime() - now.getTime()) / 1000;
  const steps = [
    ["year", 31557600],
    ["month", 2629800],
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
