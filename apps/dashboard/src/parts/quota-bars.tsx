import { bytesText, coresText } from '../lab/quantity.ts';
import type { Aspect, Usage } from '../lab/quota.ts';
import type { Quota } from '../lab/workspace.ts';
import { useWords } from '../words/words.ts';

const ASPECTS: readonly Aspect[] = ['instances', 'cpu', 'memory', 'disk'];

/** An amount of one aspect, as people read it. */
export function amountText(aspect: Aspect, value: number, locale: string): string {
  return aspect === 'memory' || aspect === 'disk' ? bytesText(value, locale) : coresText(value, locale);
}

interface BarsProps {
  readonly label: string;
  readonly quota: Quota;
  readonly used: Usage;
  /** What would be added by the start that the reader is about to press. */
  readonly extra: Usage | undefined;
}

/** What a person uses of a workspace, and what a start would add. */
export function QuotaBars({ label, quota, used, extra }: BarsProps) {
  return (
    <ul className="quota panel" aria-label={label}>
      {ASPECTS.filter((aspect) => quota[aspect] > 0).map((aspect) => (
        <Bar key={aspect} aspect={aspect} limit={quota[aspect]} used={used[aspect]} extra={extra?.[aspect] ?? 0} />
      ))}
    </ul>
  );
}

function Bar({ aspect, limit, used, extra }: { aspect: Aspect; limit: number; used: number; extra: number }) {
  const words = useWords();
  const part = (value: number) => `${Math.min((value / limit) * 100, 100)}%`;
  const text = (value: number) => amountText(aspect, value, words.locale);
  return (
    <li className={`quota-item ${levelOf(used / limit)} ${used + extra > limit ? 'over' : ''}`}>
      <div className="quota-line">
        <span className="soft">{words.quota.aspects[aspect]}</span>
        <strong>{words.quota.used(text(used + extra), text(limit))}</strong>
      </div>
      <div className="quota-bar" aria-hidden="true">
        <span className="after" style={{ width: part(used + extra) }} />
        <span className="now" style={{ width: part(used) }} />
      </div>
    </li>
  );
}

function levelOf(share: number): string {
  if (share >= 0.999) return 'full';
  return share >= 0.8 ? 'high' : '';
}
