import { compareElements, type PathElement } from './path-element.ts';

/**
 * A set of paths: a tree whose nodes say which elements are members themselves and which have something below them.
 * Operations return new sets and may share parts, so a set is never changed once it was handed on; only `insert` changes.
 */
export class FieldSet {
  readonly members = new Set<PathElement>();
  readonly children = new Map<PathElement, FieldSet>();

  static of(...paths: readonly (readonly PathElement[])[]): FieldSet {
    const set = new FieldSet();
    for (const path of paths) set.insert(path);
    return set;
  }

  get isEmpty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  insert(path: readonly PathElement[]): void {
    const last = path.at(-1);
    if (last === undefined) return;
    path
      .slice(0, -1)
      .reduce<FieldSet>((here, element) => here.#ensure(element), this)
      .members.add(last);
  }

  #ensure(element: PathElement): FieldSet {
    const known = this.children.get(element);
    if (known) return known;
    const made = new FieldSet();
    this.children.set(element, made);
    return made;
  }

  union(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    if (this.isEmpty) return other;
    const out = new FieldSet();
    for (const element of [...this.members, ...other.members]) out.members.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      out.children.set(element, there ? child.union(there) : child);
    }
    for (const [element, child] of other.children) if (!this.children.has(element)) out.children.set(element, child);
    return out;
  }

  intersection(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return EMPTY;
    const out = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      if (there) out.#put(element, child.intersection(there));
    }
    return out;
  }

  /** Without the members of `other`; what lies below those stays. */
  difference(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      out.#put(element, there ? child.difference(there) : child);
    }
    return out;
  }

  /** Without the members of `other` and everything below them. */
  without(other: FieldSet): FieldSet {
    if (other.isEmpty) return this;
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.members.add(element);
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue;
      const there = other.children.get(element);
      out.#put(element, there ? child.without(there) : child);
    }
    return out;
  }

  #put(element: PathElement, child: FieldSet): void {
    if (!child.isEmpty) this.children.set(element, child);
  }

  equals(other: FieldSet): boolean {
    if (this.members.size !== other.members.size || this.children.size !== other.children.size) return false;
    for (const element of this.members) if (!other.members.has(element)) return false;
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      if (!there || !child.equals(there)) return false;
    }
    return true;
  }

  /** Every path, in order; at each node the members before what lies below them. */
  *paths(prefix: readonly PathElement[] = []): Generator<PathElement[]> {
    for (const element of [...this.members].toSorted(compareElements)) yield [...prefix, element];
    for (const element of [...this.children.keys()].toSorted(compareElements)) {
      const child = this.children.get(element);
      if (child) yield* child.paths([...prefix, element]);
    }
  }
}

const EMPTY = new FieldSet();
