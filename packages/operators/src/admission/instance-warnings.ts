import type { Instance, Template } from '@crownlabs/api';

/** Node labels that people are offered to choose from. */
const OFFERED = /crownlabs\.polito\.it.+/;

/** Wishes of an instance that its template does not fulfil: sentences for whoever makes it. It can be made all the same. */
export function instanceWarnings({ spec }: Instance, template: Template): string[] {
  return [...nodeWarnings(spec, template), ...contentWarnings(spec, template), ...exposureWarnings(spec, template)];
}

function nodeWarnings({ nodeSelector = {} }: Instance['spec'], { spec }: Template): string[] {
  const keys = Object.keys(nodeSelector);
  if (keys.length === 0) return [];
  if (!spec.nodeSelector || Object.keys(spec.nodeSelector).length > 0) {
    return ['the template says where its instances run: nodeSelector is ignored'];
  }
  const strange = keys.filter((key) => !OFFERED.test(key));
  return strange.length > 0 ? [`nodeSelector: ${strange.join(', ')} is none of the labels that one may expect on a node`] : [];
}

function contentWarnings({ contentUrls = {} }: Instance['spec'], { spec }: Template): string[] {
  const known = new Set(spec.environmentList.map(({ name }) => name));
  const unknown = Object.keys(contentUrls).filter((name) => !known.has(name));
  return unknown.length > 0 ? [`contentUrls: the template has no environment ${unknown.join(', ')}`] : [];
}

function exposureWarnings({ publicExposure }: Instance['spec'], { spec }: Template): string[] {
  if ((publicExposure?.ports.length ?? 0) === 0) return [];
  if (!spec.allowPublicExposure) return ['the template does not allow ports to be opened: publicExposure is ignored'];
  return spec.environmentList.length === 1 ? [] : ['ports are opened for instances of one environment only: publicExposure is ignored'];
}
