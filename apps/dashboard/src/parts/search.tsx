import { useId } from 'react';
import { Icon } from './icon.tsx';

/** A field that narrows what is on the page. `/` puts the cursor there. */
export function Search({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const id = useId();
  return (
    <div className="search">
      <label className="unseen" htmlFor={id}>
        {label}
      </label>
      <Icon name="search" />
      <input id={id} type="search" className="input" placeholder={label} value={value} onChange={(event) => onChange(event.target.value)} />
    </div>
  );
}
