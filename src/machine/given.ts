import type { PasswordAges } from './machine.ts';

/** A machine as data, for examples: what is there before the state runs. */
export interface Given {
  /** Path → content, or a node: `{ directory: true }`, `{ link: '/to' }`, `{ content, mode, user, group }`. Parents are made. */
  readonly files?: Readonly<Record<string, string | GivenFile>>;
  readonly groups?: Readonly<Record<string, { readonly gid: number; readonly members?: readonly string[] }>>;
  readonly users?: Readonly<Record<string, GivenUser>>;
  /** Installed name → version. */
  readonly packages?: Readonly<Record<string, string>>;
  /** What repositories offer: name → version, or all versions (newest last) and what the package needs. */
  readonly repository?: Readonly<Record<string, string | GivenPackage>>;
  readonly services?: Readonly<Record<string, GivenService>>;
  /** Command line, joined with spaces → its answer. Others answer as a POSIX shell would not find them. */
  readonly commands?: Readonly<Record<string, GivenCommand>>;
  /** Tree-relative path → content of the state tree. */
  readonly tree?: Readonly<Record<string, string>>;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Job → stream → the whole of an output that was too long to be returned. */
  readonly outputs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What only system calls tell; the rest of the system's values come from files such as `/proc/meminfo`. */
  readonly system?: GivenSystem;
}

export interface GivenFile {
  readonly content?: string;
  readonly directory?: true;
  readonly link?: string;
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
}

export interface GivenUser {
  readonly uid?: number;
  readonly gid?: number;
  readonly home?: string;
  readonly shell?: string;
  readonly fullname?: string;
  readonly groups?: readonly string[];
  readonly passwordHash?: string;
  /** Days of the shadow file, where they are not those of a new user. */
  readonly ages?: Partial<PasswordAges>;
  /** False when the home directory is not there. */
  readonly hasHome?: boolean;
}

export interface GivenService {
  readonly running?: boolean;
  readonly enabled?: boolean;
  readonly masked?: boolean;
  /** Others bring it in at boot, and nobody can set that. */
  readonly fixed?: boolean;
  /** What becomes of it when it is started: it runs, unless it dies, or does its work and ends. */
  readonly start?: 'dies' | 'ends';
}

export interface GivenPackage {
  /** Oldest first; the last is what an install without a version brings. */
  readonly versions: readonly string[];
  /** Names it cannot be without: installed with it, and it is removed with them. */
  readonly depends?: readonly string[];
}

export interface GivenCommand {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly code?: number;
  /** What running it leaves behind. */
  readonly after?: {
    /** Files written; `null` removes one. */
    readonly files?: Readonly<Record<string, string | GivenFile | null>>;
    /** New answers, so that a command that reads shows what this one wrote; `null` forgets one. */
    readonly commands?: Readonly<Record<string, GivenCommand | null>>;
  };
}

export interface GivenSystem {
  readonly hostname?: string;
  readonly kernel?: { readonly name: string; readonly release: string; readonly arch: string };
  readonly interfaces?: readonly {
    readonly name: string;
    readonly mac?: string;
    readonly up?: boolean;
    readonly addresses: readonly string[];
  }[];
  /** Mount point → sizes in bytes. */
  readonly filesystems?: Readonly<Record<string, { readonly total: number; readonly free: number }>>;
}
