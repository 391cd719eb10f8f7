import type { Instance } from '../lab/instance.ts';
import { importOf } from '../lab/progress.ts';
import { bytesText } from '../lab/quantity.ts';
import type { Template } from '../lab/template.ts';
import { useWords } from '../words/words.ts';
import { useNow } from './now.ts';

/** What is kept of an environment that is off. */
export function KeptDisk({ template }: { template: Template | undefined }) {
  const { instance: said, locale } = useWords();
  const kept = template?.environments.filter(({ persistent }) => persistent) ?? [];
  if (kept.length === 0) return null;
  const bytes = kept.reduce((sum, { disk }) => sum + disk, 0);
  return (
    <p className="instance-why" data-testid="kept-disk">
      {said.keptDisk(bytes > 0 ? bytesText(bytes, locale) : undefined)}
    </p>
  );
}

/** How far it is: the bytes of a disk that is being made, else only that something moves. */
export function DiskProgress({ instance }: { instance: Instance }) {
  const { instance: said, locale } = useWords();
  const now = useNow(instance.environments.some(({ importing }) => importing !== undefined));
  const disk = importOf(instance, now);
  if (!disk) {
    return (
      <div className="meter unsure" aria-hidden="true">
        <span />
      </div>
    );
  }
  const { percent, done, bytes, minutesLeft } = disk;
  return (
    <>
      <p className="instance-why" data-testid="disk-import">
        {said.importing(bytesText(done, locale), bytesText(bytes, locale))}
        {minutesLeft !== undefined && ` · ${said.minutesLeft(minutesLeft)}`}
      </p>
      <div className="meter" aria-hidden="true">
        <span style={{ width: `${percent}%` }} />
      </div>
    </>
  );
}
