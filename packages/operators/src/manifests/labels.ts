import { LABEL } from '@crownlabs/api';

/** Labels of what a controller made; `more` wins. */
export function managedBy(manager: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { [LABEL.managedBy]: manager, ...more };
}

/** The label of what belongs to this installation's operators, where they are not alone in a cluster. */
export function selectorLabel(operatorSelector: string): Record<string, string> {
  return operatorSelector === '' ? {} : { [LABEL.operatorSelector]: operatorSelector };
}

/** Whether an object is this installation's to care for. */
export function isOurs(object: { metadata: { labels?: Record<string, string> } }, operatorSelector: string): boolean {
  return operatorSelector === '' || object.metadata.labels?.[LABEL.operatorSelector] === operatorSelector;
}
