import process from 'node:process';
import { crds } from '@crownlabs/api';
import { stringify } from 'yaml';

/** Prints the kinds of CrownLabs as one stream of YAML documents, for `kubectl apply -f -`. */
export function printCrds(): void {
  process.stdout.write(
    crds()
      .map((crd) => `---\n${stringify(crd, { lineWidth: 140, aliasDuplicateObjects: false })}`)
      .join(''),
  );
}
