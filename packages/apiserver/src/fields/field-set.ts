import { compareElements, type PathElement } from './path-element.ts';

const NO_MEMBERS: ReadonlySet<PathElement> = new Set();
const NO_CHILDREN: ReadonlyMap<PathElement, FieldSet> = new Map();

/**
 * A set of paths: a tree whose nodes say which elements are members themselves and which have something below them.
 * Operations return new sets and may share parts, so a set is never changed once it was handed on; only whoever makes it adds to it.
 */
export class FieldSet {
  // Most nodes have the one or the other, and every write makes some dozens of nodes.
  #members: Set<PathElement> | undefined;
  #children: Map<PathElement, FieldSet> | undefined;

  get members(): ReadonlySet<PathElement> {
    return this.#members ?? NO_MEMBERS;
  }

  get children(): ReadonlyMap<PathElement, FieldSet> {
    return this.#children ?? NO_CHILDREN;
  }

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
      .reduce<FieldSet>((here, element) => here.below(element), this)
      .add(last);
  }

  /** Makes an element of this node a member. */
  add(element: PathElement): void {
    this.#members ??= new Set();
    this.#members.add(element);
  }

  /** What is below an element, to be added to: made where there was nothing. */
  below(element: PathElement): FieldSet {
    const known = this.#children?.get(element);
    if (known) return known;
    const made = new FieldSet();
    this.put(element, made);
    return made;
  }

  /** Puts a set below an element. */
  put(element: PathElement, child: FieldSet): void {
    this.#children ??= new Map();
    this.#children.set(element, child);
  }

  union(other: FieldSet): FieldSet {
    if (this.covers(other)) return this;
    if (this.isEmpty) return other;
    const out = new FieldSet();
    for (const element of this.members) out.add(element);
    for (const element of other.members) out.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      out.put(element, there ? child.union(there) : child);
    }
    for (const [element, child] of other.children) if (!this.children.has(element)) out.put(element, child);
    return out;
  }

  /** Whether everything of `other` is in this as well. */
  covers(other: FieldSet): boolean {
    if (this === other) return true;
    if (other.members.size > this.members.size || other.children.size > this.children.size) return false;
    for (const element of other.members) if (!this.members.has(element)) return false;
    for (const [element, child] of other.children) if (!this.children.get(element)?.covers(child)) return false;
    return true;
  }

  intersection(other: FieldSet): FieldSet {
    if (this.isEmpty || other.isEmpty) return EMPTY;
    const out = new FieldSet();
    for (const element of this.members) if (other.members.has(element)) out.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      if (there) out.#keep(element, child.intersection(there));
    }
    return out;
  }

  /** Without the members of `other`; what lies below those stays. */
  difference(other: FieldSet): FieldSet {
    if (!this.#meets(other)) return this;
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.add(element);
    for (const [element, child] of this.children) {
      const there = other.children.get(element);
      out.#keep(element, there ? child.difference(there) : child);
    }
    return out;
  }

  /** Without the members of `other` and everything below them. */
  without(other: FieldSet): FieldSet {
    if (!this.#reaches(other)) return this;
    const out = new FieldSet();
    for (const element of this.members) if (!other.members.has(element)) out.add(element);
    for (const [element, child] of this.children) {
      if (other.members.has(element)) continue;
      const there = other.children.get(element);
      out.#keep(element, there ? child.without(there) : child);
    }
    return out;
  }

  /** Whether they have a member in common. */
  #meets(other: FieldSet): boolean {
    const [few, many] = this.members.size < other.members.size ? [this, other] : [other, this];
    for (const element of few.members) if (many.members.has(element)) return true;
    const [some, more] = this.children.size < other.children.size ? [this, other] : [other, this];
    for (const [element, child] of some.children) {
      const there = more.children.get(element);
      if (there && child.#meets(there)) return true;
    }
    return false;
  }

  /** Whether anything is at or below a member of `other`. */
  #reaches(other: FieldSet): boolean {
    for (const element of other.members) if (this.members.has(element) || this.children.has(element)) return true;
    for (const [element, child] of other.children) {
      const there = this.children.get(element);
      if (there && there.#reaches(child)) return true;
    }
    return false;
  }

  #keep(element: PathElement, child: FieldSet): void {
    if (!child.isEmpty) this.put(element, child);
  }

  equals(other: FieldSet): boolean {
    return this.members.size === other.members.size && this.children.size === other.children.size && this.covers(other);
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
