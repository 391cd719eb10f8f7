import type { Instance, Template } from '@crownlabs/api';
import type { Lab } from '../lab.ts';

/** The template of an instance. */
export function templateOf(lab: Lab, { spec, metadata }: Instance): Template | undefined {
  const reference = spec['template.crownlabs.polito.it/TemplateRef'];
  return lab.templates.get(reference.name, reference.namespace ?? metadata.namespace);
}
