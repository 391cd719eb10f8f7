import { useApp } from '../context.tsx';
import type { ImageBuild } from '../lab/image-build.ts';
import { isAwaited, unfinishedBuilds } from '../lab/image-build.ts';
import { bytesText, coresText } from '../lab/quantity.ts';
import { hardwareOf, type shortages } from '../lab/quota.ts';
import { canStartAtOnce, flavourOf, isPersistent, machineKindOf, networksOf, type Template } from '../lab/template.ts';
import { useManagedWorkspaces } from '../lab/use-lab.ts';
import { spanText } from '../words/when.ts';
import { useWords, type Words } from '../words/words.ts';
import { Cover } from './cover.tsx';
import { Icon } from './icon.tsx';
import { Menu } from './menu.tsx';
import { amountText } from './quota-bars.tsx';
import { attempt, say } from './toast.tsx';

type Shortage = ReturnType<typeof shortages>[number];

interface CardProps {
  readonly template: Template;
  readonly builds: readonly ImageBuild[];
  readonly lacking: readonly Shortage[];
  readonly running: number;
  readonly starting: boolean;
  readonly onStart: () => void;
  /** The reader is about to start it, or not any more. */
  readonly onConsider: (template: Template | undefined) => void;
}

/** A template: what it is, what it needs, and the button that makes it yours. */
export function TemplateCard(props: CardProps) {
  const { template, builds, onConsider } = props;
  const words = useWords();
  const flavour = flavourOf(template);
  const kind = machineKindOf(template);
  const unfinished = unfinishedBuilds(
    template.environments.map((environment) => environment.image),
    builds,
  );
  return (
    // Looking at a card shows what its start would add to the bars above; everything that acts is inside.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      className="template panel"
      data-testid="template-card"
      data-template={template.name}
      onPointerEnter={() => onConsider(template)}
      onPointerLeave={() => onConsider(undefined)}
      onFocus={() => onConsider(template)}
      onBlur={() => onConsider(undefined)}
    >
      <div className="cover">
        <Cover flavour={flavour} />
        <div className="cover-menu">
          <CardMenu template={template} />
        </div>
      </div>
      <div className="template-body">
        <div>
          <span className={`eyebrow ${flavour}`}>
            <Icon name={flavour} />
            {kind ? words.template.machines[kind] : words.template.kinds[flavour]}
          </span>
          <h3>{template.title}</h3>
        </div>
        {template.description && <p>{template.description}</p>}
        <Facts template={template} />
        <div className="template-ends">
          {unfinished.map((build) => (
            <BuildProgress key={build.name} build={build} />
          ))}
          <Start {...props} reason={reasonNot(unfinished.filter(isAwaited), props.lacking, words)} />
        </div>
      </div>
    </article>
  );
}

function CardMenu({ template }: { template: Template }) {
  const words = useWords();
  const { lab } = useApp();
  const teaches = useManagedWorkspaces().includes(template.workspace);
  const atOnce = template.environments.some(({ instantStart }) => instantStart);
  const setAtOnce = async () => {
    if (!(await attempt(lab.setInstantStart(template, !atOnce)))) return;
    say(atOnce ? words.template.bootsEach(template.title) : words.template.willStartAtOnce(template.title), { icon: 'play' });
  };
  const copy = async () => {
    await navigator.clipboard.writeText(`${location.origin}/start/${template.workspace}/${template.name}`);
    say(words.template.linkCopied, { icon: 'link' });
  };
  return (
    <Menu
      label={words.template.more(template.title)}
      className="button second square small"
      face={<Icon name="more" />}
      groups={[
        [{ label: words.template.copyLink, icon: 'link', run: () => void copy() }],
        teaches && template.environments.some(canStartAtOnce)
          ? [{ label: words.template.startAtOnce, icon: 'play', checked: atOnce, run: () => void setAtOnce(), testId: 'instant-start' }]
          : [],
      ]}
    />
  );
}

function Facts({ template }: { template: Template }) {
  const { template: said, locale } = useWords();
  const has = hardwareOf(template);
  const networks = networksOf(template);
  const stops = spanText(template.stopAfterInactivity, locale);
  return (
    <ul className="facts">
      {template.environments.length > 1 && <li>{said.environments(template.environments.length)}</li>}
      <li>
        <Icon name="cpu" /> {said.cores(coresText(has.cpu, locale), has.cpu)}
      </li>
      <li>
        <Icon name="memory" /> {said.memory(bytesText(has.memory, locale))}
      </li>
      {has.disk > 0 && (
        <li>
          <Icon name="disk" /> {said.disk(bytesText(has.disk, locale))}
        </li>
      )}
      <li>
        <Icon name="save" /> {isPersistent(template) ? said.keeps : said.keepsNot}
      </li>
      {networks.length > 0 && (
        <li data-testid="networks" title={said.networksHint}>
          <Icon name="plug" /> {said.networks(networks)}
        </li>
      )}
      {template.prepared && (
        <li data-testid="prepared" title={template.prepared.message}>
          <Icon name="play" /> {template.prepared.holds ? said.startsAtOnce : said.beingPrepared}
        </li>
      )}
      {stops && (
        <li>
          <Icon name="clock" /> {said.stopsAfter(stops)}
        </li>
      )}
    </ul>
  );
}

/** Why a start is not possible now; nothing when it is. */
function reasonNot(unfinished: readonly ImageBuild[], lacking: readonly Shortage[], words: Words): string | undefined {
  if (unfinished.some((build) => build.phase === 'Failed')) return words.template.buildFailed;
  if (unfinished.length > 0) return words.template.waitsForBuild;
  const [first] = lacking;
  if (!first) return undefined;
  if (first.needed > first.limit) return words.quota.never;
  const text = (value: number) => amountText(first.aspect, value, words.locale);
  if (first.aspect === 'instances') return words.quota.lacks.instances(text(first.limit));
  return words.quota.lacks[first.aspect](text(first.needed), text(first.free));
}

function Start({ template, running, starting, onStart, reason }: CardProps & { reason: string | undefined }) {
  const words = useWords();
  const off = reason !== undefined || starting;
  const face = starting ? words.template.starting : running > 0 ? words.template.again : words.template.start;
  const why = `why-${template.namespace}-${template.name}`;
  return (
    <>
      {running > 0 && <p className="quiet">{words.template.runningAlready(running)}</p>}
      {reason && (
        <p className="template-why" id={why}>
          {reason}
        </p>
      )}
      <button
        type="button"
        className="button primary"
        data-testid="start"
        aria-label={words.template.startNamed(face, template.title)}
        disabled={off}
        aria-describedby={reason ? why : undefined}
        onClick={onStart}
      >
        {starting ? <span className="spinner" /> : <Icon name="play" />}
        {face}
      </button>
    </>
  );
}

function BuildProgress({ build }: { build: ImageBuild }) {
  const words = useWords();
  if (build.phase === 'OnDemand') {
    return (
      <p className="quiet" data-testid="image-build" data-phase={build.phase}>
        {words.template.madeByFirstStart(build.minutes)}
      </p>
    );
  }
  const failed = build.phase === 'Failed';
  const step = failed ? build.message : build.step || words.template.buildQueued;
  return (
    <div className="build" data-testid="image-build" data-phase={build.phase}>
      <div className="quota-line">
        <span>{failed ? words.template.buildFailed : words.template.preparing}</span>
        {build.percent !== undefined && !failed && <strong>{words.template.percent(build.percent)}</strong>}
      </div>
      {!failed && (
        <div className={build.percent === undefined ? 'meter unsure' : 'meter'} aria-hidden="true">
          <span style={build.percent === undefined ? undefined : { width: `${build.percent}%` }} />
        </div>
      )}
      <span className="quiet">{step}</span>
    </div>
  );
}
