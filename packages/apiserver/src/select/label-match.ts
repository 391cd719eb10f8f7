import { isObject, type Json } from '../json.ts';
import { mapAt, objectsAt, textAt, textsAt } from '../json-read.ts';

/** A LabelSelector, as Kubernetes' types describe it. */
export interface LabelSelectorTerms {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[];
}

/** Whether `labels` match `selector`. An empty selector matches everything, a missing one nothing. */
export function matchesSelector(selector: LabelSelectorTerms | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  if (!selector) return false;
  const wanted = Object.entries(selector.matchLabels ?? {});
  if (!wanted.every(([key, value]) => labels[key] === value)) return false;
  // What node affinity has beside it is no operator of a label selector.
  return (selector.matchExpressions ?? []).every(
    ({ key, operator, values = [] }) => operator !== 'Gt' && operator !== 'Lt' && matchesTerm(labels[key], operator, values),
  );
}

/** One term of a selector over the value of its key. `Gt` and `Lt` are those of node affinity; an unknown operator matches nothing. */
export function matchesTerm(value: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** The same for a selector inside an object that was read as JSON. */
export function selects(selector: Json | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (!isObject(selector)) return false;
  const matchExpressions = objectsAt(selector, 'matchExpressions').map((one) => ({
    key: textAt(one, 'key'),
    operator: textAt(one, 'operator'),
    values: textsAt(one, 'values'),
  }));
  return matchesSelector({ matchLabels: mapAt(selector, 'matchLabels'), matchExpressions }, labels);
}
