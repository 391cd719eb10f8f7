import { canonicalName, cutName, type Environment, type Instance, LABEL } from '@crownlabs/api';

/** A label's value may have 63 characters and must not start or end with a dash or dot. */
export function labelValue(text: string): string {
  return cutName(text);
}

/** What selects the pods of an environment. */
export function selectorLabels(instance: Instance, environment: Environment): Record<string, string> {
  const { name: template } = instance.spec['template.crownlabs.polito.it/TemplateRef'];
  const { name: tenant } = instance.spec['tenant.crownlabs.polito.it/TenantRef'];
  return {
    [LABEL.instance]: labelValue(instance.metadata.name),
    [LABEL.environment]: environment.name,
    [LABEL.template]: labelValue(template),
    [LABEL.tenant]: labelValue(tenant),
  };
}

/** What every object of an environment carries. */
export function environmentLabels(instance: Instance, environment: Environment): Record<string, string> {
  return { [LABEL.managedBy]: 'instance', ...selectorLabels(instance, environment) };
}

/** What objects of the instance as a whole carry. */
export function instanceChildLabels(instance: Instance): Record<string, string> {
  const { name: template } = instance.spec['template.crownlabs.polito.it/TemplateRef'];
  const { name: tenant } = instance.spec['tenant.crownlabs.polito.it/TenantRef'];
  return {
    [LABEL.managedBy]: 'instance',
    [LABEL.instance]: labelValue(instance.metadata.name),
    [LABEL.template]: labelValue(template),
    [LABEL.tenant]: labelValue(tenant),
  };
}

/** The name of an object that belongs to the instance as a whole. */
export function instanceChildName(instance: Instance, suffix: string): string {
  return cutName(`${canonicalName(instance.metadata.name)}-${suffix}`);
}
