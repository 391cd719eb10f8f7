const SEPARATORS = /[^A-Za-z0-9_]+/;

/** `template.crownlabs.polito.it/TemplateRef` → `TemplateCrownlabsPolitoItTemplateRef`: a key as the name of a GraphQL type. */
export function typeName(key: string): string {
  const joined = key
    .split(SEPARATORS)
    .filter((part) => part !== '')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
  return /^[A-Za-z_]/.test(joined) ? joined : `_${joined}`;
}

/** `crownlabs.polito.it/last-activity` → `crownlabsPolitoItLastActivity`: a key as the name of a GraphQL field. */
export function fieldName(key: string): string {
  const name = typeName(key);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** The name of an enum value. The empty string is written `_EMPTY_`. */
export function enumName(value: string): string {
  if (value === '') return '_EMPTY_';
  const name = value.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(name) ? name : `_${name}`;
}

/** Hands out names that are unique within one schema: the second `Spec` is `Spec2`. */
export class NameRegister {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.#taken.has(name); count += 1) name = `${wanted}${count}`;
    this.#taken.add(name);
    return name;
  }
}
