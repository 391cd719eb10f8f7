import { Empty } from '../parts/states.tsx';
import { Link } from '../router.tsx';
import { useWords } from '../words/words.ts';

/** An address that leads nowhere. */
export function NotFoundPage() {
  const words = useWords();
  const home = (
    <Link className="button primary" href="/">
      {words.notFound.home}
    </Link>
  );
  return (
    <>
      <title>{`${words.notFound.title} · CrownLabs`}</title>
      <h1 className="unseen">{words.notFound.title}</h1>
      <Empty title={words.notFound.title} act={home}>
        {words.notFound.text}
      </Empty>
    </>
  );
}
