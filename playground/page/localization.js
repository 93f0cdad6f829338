/** The languages one can read the bot in, and the names and descriptions that it has in each. No DOM. */

/** Discord's names of the languages, with what they call themselves. */
export const LOCALES = { "en-US": "English", "es-ES": "Español (España)", "es-419": "Español (Latinoamérica)" };

export function nameIn(item, locale) {
  return item.name_localizations?.[locale] ?? item.name;
}

export function descriptionIn(item, locale) {
  return item.description_localizations?.[locale] ?? item.description ?? "";
}

/** An option as one sees it; `key` is what the bot calls it. */
export function optionIn(option, locale) {
  return {
    ...option,
    key: option.name,
    name: nameIn(option, locale),
    description: descriptionIn(option, locale),
    ...(option.choices && { choices: option.choices.map((each) => ({ ...each, name: nameIn(each, locale) })) }),
  };
}

/** The language a browser asks for, among those above. @param {string} wanted such as "es-MX" */
export function localeFor(wanted) {
  if (wanted in LOCALES) return wanted;
  const [language, place] = wanted.split("-");
  if (language !== "es") return "en-US";
  return place && place !== "ES" ? "es-419" : "es-ES";
}
