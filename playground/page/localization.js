/** Locales, and localized names and descriptions of commands and options. No DOM. */

/** Names of the languages, by Discord's locale. */
export const LOCALES = { "en-US": "English", "es-ES": "Español (España)", "es-419": "Español (Latinoamérica)" };

export function nameIn(item, locale) {
  return item.name_localizations?.[locale] ?? item.name;
}

export function descriptionIn(item, locale) {
  return item.description_localizations?.[locale] ?? item.description ?? "";
}

/** An option with its localized name and description. `key` is its registered name. */
export function optionIn(option, locale) {
  return {
    ...option,
    key: option.name,
    name: nameIn(option, locale),
    description: descriptionIn(option, locale),
    ...(option.choices && { choices: option.choices.map((each) => ({ ...each, name: nameIn(each, locale) })) }),
  };
}

/** The locale for a browser's language. @param {string} wanted such as "es-MX" */
export function localeFor(wanted) {
  if (wanted in LOCALES) return wanted;
  const [language, place] = wanted.split("-");
  if (language !== "es") return "en-US";
  return place && place !== "ES" ? "es-419" : "es-ES";
}
