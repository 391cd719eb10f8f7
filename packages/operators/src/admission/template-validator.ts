import type { Template } from '@crownlabs/api';
import { LabError } from '@crownlabs/std';
import type { OperatorsConfig } from '../config.ts';
import { isAllowedImage } from '../template/allowed-images.ts';
import { templateFaults } from '../template/validation.ts';
import { bypasses } from './bypass.ts';
import { type AdmissionRequest, type Decision, isOwnRoom } from './review.ts';
import type { AdmissionWorld } from './world.ts';

/** What the validator of Templates works with. */
export interface TemplateRules {
  readonly world: AdmissionWorld;
  readonly config: OperatorsConfig;
}

/**
 * What is wrong with a Template is said and not forbidden: half a template may be stored while its other half is prepared. Only images that
 * the workspace may not use are refused, and only new ones, so that an older template can still be mended.
 */
export async function validateTemplate(request: AdmissionRequest<Template>, { world, config }: TemplateRules): Promise<Decision> {
  const { user, namespace, object, oldObject } = request;
  if (isOwnRoom(user)) return {};
  const workspace = world.workspaceIn(namespace);
  const before = new Set((oldObject?.spec.environmentList ?? []).map(({ image }) => image));
  const refused = object.spec.environmentList.filter(
    ({ image }) => !before.has(image) && !isAllowedImage(image, workspace?.spec.allowedImages),
  );
  if (refused.length > 0 && !bypasses(user, config)) {
    const names = refused.map(({ image }) => image).join(', ');
    throw new LabError('Forbidden', `the workspace ${workspace?.metadata.name} does not allow ${names}: ask an administrator`);
  }
  // A review of a new object does not say its namespace in the object.
  const template = { ...object, metadata: { ...object.metadata, namespace } };
  const faults = templateFaults(template, { workspace, sharedVolume: world.knownSharedVolume });
  return faults.length > 0 ? { warnings: faults } : {};
}
