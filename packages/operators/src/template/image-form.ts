import type { Environment } from '@crownlabs/api';

const CONTAINER = /^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(\/[a-z0-9][a-z0-9._-]*)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$/;
const VOLUME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?\/[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;

interface Form {
  readonly needs: string;
  readonly fits: (image: string) => boolean;
}

const ofContainer = (needs: string): Form => ({ needs, fits: (image) => CONTAINER.test(image) });

const FORMS: Readonly<Record<Environment['environmentType'], Form>> = {
  CloudVM: { needs: 'the http or https address of a disk image, which may end in #sha256: and its checksum', fits: isWebAddress },
  LocalVM: { needs: 'a volume, written namespace/name', fits: (image) => VOLUME.test(image) },
  VirtualMachine: ofContainer('a containerdisk, such as registry/name:tag'),
  Container: ofContainer('a container image, such as registry/name:tag'),
  Standalone: ofContainer('a container image, such as registry/name:tag'),
};

/** What is wrong with the form of an image, as a sentence; nothing when it fits the type of the environment. */
export function imageFault({ environmentType, image }: Pick<Environment, 'environmentType' | 'image'>): string | undefined {
  const { needs, fits } = FORMS[environmentType];
  return fits(image) ? undefined : `A ${environmentType} needs ${needs}, and ${image} is none.`;
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hash } = new URL(text);
  // Nothing else behind an address means anything here, so it is a checksum that was mistyped.
  return ['http:', 'https:'].includes(protocol) && /^(#sha256:[0-9a-f]{64})?$/.test(hash);
}
