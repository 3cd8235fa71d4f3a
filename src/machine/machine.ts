/**
 * What modules may ask of the managed machine: ports in the field's verbs. Each has an in-memory fake (`fake.ts`)
 * and one provider per tool; `contract.test.ts` beside each port runs the same cases against both.
 *
 * Conventions: `find` may return undefined, `get` throws, `list` returns all. Any failure other than "not found" is
 * thrown as a `machine` error; nothing is ever read as "absent" because it could not be read.
 */
export interface Machine {
  readonly files: Files;
  readonly commands: Commands;
  readonly users: Users;
  readonly groups: Groups;
  readonly packages: Packages;
  readonly services: Services;
  readonly system: System;
}

export interface FileStat {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits with setuid, setgid and sticky: `0o644`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Where a symlink points, as written. */
  readonly target?: string;
}

/** An id left out is as it would be without being named: of what is made, as the system makes it; else it stays. */
export interface FileOwner {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Nothing here lets a local user act with the hands of root. A symbolic link is followed only when nobody but root, or
 * the user this process runs as, owns it or may write the directory it lies in: else `FILE_LINK_UNTRUSTED`. A file with
 * several names, one of which somebody else may have made, is neither read nor changed: `FILE_HARD_LINKED`. What is put
 * in the way meanwhile is not touched. Pipes, sockets and devices are not opened: `FILE_SPECIAL`.
 */
export interface Files {
  /** Who acts: the user this process runs as, who owns what is made. */
  readonly self: Required<FileOwner>;
  /** Does not follow a symlink at the end of the path, and follows whoever's on the way: it tells, and acts on nothing. */
  stat(path: string): Promise<FileStat | undefined>;
  /** Where a path lies once every symlink in it is followed, at its end too; it need not exist. */
  resolve(path: string): Promise<string>;
  /** Whole content; undefined when there is no such file. Follows symlinks. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Names in a directory, sorted; undefined when there is no such directory. */
  list(path: string): Promise<readonly string[] | undefined>;
  /**
   * Replaces the content in one step (beside it, then rename), together with owner and mode: it never lies there as
   * somebody else's, or open to more. What is not given stays; a new file is root's with mode 644. When it changes
   * hands, setuid and setgid are kept only if the mode is given. Follows symlinks. Throws `FILE_PARENT_MISSING`, `DISK_FULL`.
   */
  write(
    path: string,
    content: Uint8Array,
    options?: { readonly mode?: number; readonly owner?: FileOwner },
  ): Promise<void>;
  /**
   * Mode 755 unless given. With `parents` what is missing above is made too, and a directory that exists is fine, and
   * stays as it is. Tells whether it was made.
   */
  makeDirectory(
    path: string,
    options?: { readonly mode?: number; readonly parents?: boolean; readonly owner?: FileOwner },
  ): Promise<boolean>;
  /** A symlink at `path`; throws `FILE_EXISTS` when something is there, unless it is to be replaced and is no directory. */
  link(
    path: string,
    target: string,
    options?: { readonly replace?: boolean; readonly owner?: FileOwner },
  ): Promise<void>;
  /** Removes a file, a link, or a directory with all that is in it. Absent is fine. */
  remove(path: string): Promise<void>;
  /** Replaces a file in the way; throws `FILE_UNKNOWN`, `FILE_IS_DIRECTORY`, `FILE_NOT_EMPTY`. */
  rename(from: string, to: string): Promise<void>;
  /** Follows symlinks. Setuid and setgid need a directory that nobody else may write: `FILE_SET_ID_UNTRUSTED`. */
  setMode(path: string, mode: number): Promise<void>;
  /** Does not follow symlinks; an id left out stays. */
  setOwner(path: string, owner: FileOwner): Promise<void>;
}

export interface CommandOptions {
  /** The home of the user it runs as unless given, or `/` where there is none. */
  readonly cwd?: string;
  /** Added to what commands may see of the agent's own environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folders to look for programs in before all others, joined by `:`. */
  readonly prependPath?: string;
  /** Name, or id; it brings its groups, and `HOME`, `USER`, `LOGNAME` and `SHELL`. */
  readonly user?: string;
  /** Primary group, by name or id, in place of the user's own. */
  readonly group?: string;
  readonly umask?: number;
  readonly input?: string | Uint8Array;
  /** Milliseconds; the command and everything it started are ended when they are over. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /**
   * What becomes of a long output. `whole`: a program reads it, so it is whole or the call throws
   * `COMMAND_OUTPUT_TOO_LONG`. `shown`: people read it, so its middle may be left out, with a note, and what was left
   * out is kept on disk. `hidden`: as shown, but nothing is kept. `whole` unless given.
   */
  readonly output?: 'whole' | 'shown' | 'hidden';
}

export interface CommandResult {
  /** Exit code; 128 + signal number when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** When its time was over: processes of it that could not be ended, in words. */
  readonly left?: string;
}

export interface Commands {
  /**
   * Runs a program with its arguments, without a shell. A program that does not exist throws `COMMAND_UNKNOWN`, a
   * signal that aborts throws `COMMAND_ABORTED`; any exit code is an answer.
   */
  run(argv: readonly [string, ...string[]], options?: CommandOptions): Promise<CommandResult>;
  /** The program's path, when it is on PATH. */
  which(program: string): Promise<string | undefined>;
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly fullname: string;
  readonly roomnumber: string;
  readonly workphone: string;
  readonly homephone: string;
  /** What stands behind the telephones. */
  readonly other: string;
  readonly home: string;
  readonly shell: string;
  /** Supplementary groups by name, sorted. */
  readonly groups: readonly string[];
}

export interface UserWish {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly fullname?: string | undefined;
  readonly roomnumber?: string | undefined;
  readonly workphone?: string | undefined;
  readonly homephone?: string | undefined;
  readonly other?: string | undefined;
  readonly home?: string | undefined;
  readonly shell?: string | undefined;
  /** All supplementary groups. */
  readonly groups?: readonly string[] | undefined;
  /** Take an id that another user has: `USER_ID_TAKEN` otherwise. */
  readonly sharesId?: boolean | undefined;
}

export interface NewUser extends UserWish {
  readonly createHome?: boolean | undefined;
  readonly system?: boolean | undefined;
  /** False for the group that the system gives to those without one of their own. */
  readonly ownGroup?: boolean | undefined;
  /** Leave the records of logins alone: they grow with the highest id. */
  readonly noLoginRecords?: boolean | undefined;
}

/** The days that a password and an account have, as in the shadow file: dates in days since 1970. -1 for one that is not set. */
export interface PasswordAges {
  /** When the password was changed last; 0 makes the user change it at the next login. */
  readonly date: number;
  readonly mindays: number;
  readonly maxdays: number;
  readonly warndays: number;
  /** Days after the end of a password, until the account is locked. */
  readonly inactdays: number;
  /** When the account ends. */
  readonly expire: number;
}

export interface Users {
  find(name: string): Promise<User | undefined>;
  list(): Promise<readonly User[]>;
  /** As `useradd`: without a gid a group of the same name is made. The home folder is made only when asked for. */
  add(name: string, wish: NewUser): Promise<void>;
  /** Changes only what is given; throws `USER_UNKNOWN`, `GROUP_UNKNOWN`, `USER_ID_TAKEN`, `USER_BUSY`. */
  change(name: string, wish: UserWish & { readonly moveHome?: boolean }): Promise<void>;
  /** With `purge` the home folder goes too. Throws `USER_UNKNOWN`, `USER_BUSY`. */
  remove(name: string, options?: { readonly purge?: boolean; readonly force?: boolean }): Promise<void>;
  /** The field of the shadow file as it stands, locks (`!`, `*`) included; undefined when it has no line for the user. */
  passwordHash(name: string): Promise<string | undefined>;
  setPasswordHash(name: string, hash: string): Promise<void>;
  /** Undefined when the shadow file has no line for the user. */
  passwordAges(name: string): Promise<PasswordAges | undefined>;
  /** Changes only what is given. */
  setPasswordAges(name: string, ages: Partial<PasswordAges>): Promise<void>;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
  /** Those the group file lists, sorted: users whose primary group it is are not among them. */
  readonly members: readonly string[];
}

export interface Groups {
  find(name: string): Promise<Group | undefined>;
  list(): Promise<readonly Group[]>;
  /** Throws `GROUP_ID_TAKEN` unless the id may be shared. */
  add(
    name: string,
    options?: {
      readonly gid?: number | undefined;
      readonly system?: boolean | undefined;
      readonly sharesId?: boolean | undefined;
    },
  ): Promise<void>;
  setId(name: string, gid: number, options?: { readonly sharesId?: boolean | undefined }): Promise<void>;
  setMembers(name: string, members: readonly string[]): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface Packages {
  /** The tool: `apt`, `dnf`, `apk`, `pacman`, `zypper`; `none` where there is none, and then every verb throws `PROVIDER_MISSING`. */
  readonly provider: string;
  /** Installed name → version, of those asked for, or of all. */
  installed(names?: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Which options mean something to the tool; the others throw `PACKAGE_OPTION_UNKNOWN` when they are given. */
  knows(): Promise<readonly (keyof PackageOptions)[]>;
  /** The version of each name that an install without a version brings; not always the newest. */
  available(names: readonly string[], options?: PackageSources): Promise<ReadonlyMap<string, string>>;
  /** Every version that the repositories offer of each name, in whatever order. */
  versions(names: readonly string[], options?: PackageSources): Promise<ReadonlyMap<string, readonly string[]>>;
  /** What a package file holds, by its path or its content. Throws `PACKAGE_FILE_INVALID`. */
  describe(file: string | Uint8Array): Promise<{ readonly name: string; readonly version: string }>;
  /** Installed packages for which the repositories offer a newer version: name → that version. */
  upgrades(options?: { readonly dist?: boolean }): Promise<ReadonlyMap<string, string>>;
  refresh(options?: PackageSources): Promise<void>;
  /**
   * One transaction: all or none. A version pins exactly, and may go back; without one the newest is installed. A
   * `file` is the path of a package file. Configuration that somebody changed stays, and nobody is asked anything.
   * Throws `PACKAGE_UNKNOWN`, `PACKAGE_VERSION_UNKNOWN`, `PACKAGE_FAILED`.
   */
  install(packages: readonly PackageWish[], options?: PackageOptions): Promise<void>;
  /** What is not installed is fine. What depends on a removed package goes too; `purge` takes configuration along. */
  remove(names: readonly string[], options?: { readonly purge?: boolean }): Promise<void>;
  /** Brings everything installed to the newest version, except what is held; with `dist` also where others must go. */
  upgrade(options?: { readonly dist?: boolean }): Promise<void>;
  /** Of the names: those no longer installed whose configuration is still there, which a purge would take. */
  remnants(names: readonly string[]): Promise<readonly string[]>;
  /** Packages kept at their version, sorted. */
  held(): Promise<readonly string[]>;
  hold(names: readonly string[]): Promise<void>;
  release(names: readonly string[]): Promise<void>;
}

/** Where packages are taken from, beside or instead of what is configured. */
export interface PackageSources {
  /** A repository, or a release of the distribution on Debian. */
  readonly from?: string | undefined;
  readonly enable?: readonly string[] | undefined;
  readonly disable?: readonly string[] | undefined;
}

export interface PackageOptions extends PackageSources {
  /** Whether what is only recommended comes along; as the tool is configured when left out. */
  readonly recommends?: boolean | undefined;
  /** Take packages that nobody signed. */
  readonly unverified?: boolean | undefined;
  /** Leave packages alone that are not installed. */
  readonly onlyUpgrade?: boolean | undefined;
  /** Install what is installed again. */
  readonly reinstall?: boolean | undefined;
  /** Replace configuration that somebody changed. */
  readonly newConfiguration?: boolean | undefined;
  /** Settings of the tool for this once: `name=value`. */
  readonly settings?: readonly string[] | undefined;
}

export interface PackageWish {
  readonly name: string;
  readonly version?: string | undefined;
  readonly file?: string | undefined;
}

export interface ServiceStatus {
  readonly running: boolean;
  readonly enabled: boolean;
  readonly masked: boolean;
  /** Whether it starts at boot is not for anybody to set: others bring it in, or nobody does. It counts as enabled. */
  readonly fixed?: boolean;
  /** It does its work and ends by itself: a oneshot, which is never there to be found running. */
  readonly ends?: boolean;
}

export interface StartOptions {
  /** Only ask for it, and wait for nothing: whether it works out, nobody says. */
  readonly block?: boolean;
}

export interface MaskOptions {
  /** Forgotten at the next boot. */
  readonly runtime?: boolean;
}

export interface Services {
  /** `systemd`, `openrc`, `sysv`; `none` where there is none, and then every verb throws `PROVIDER_MISSING`. */
  readonly provider: string;
  /** Undefined for a service the machine does not know. `nginx` and `nginx.service` are one name; others carry their type: `logrotate.timer`. */
  find(name: string): Promise<ServiceStatus | undefined>;
  list(): Promise<readonly string[]>;
  /**
   * This and the verbs below: already so is fine; throws `SERVICE_UNKNOWN`, `SERVICE_MASKED`, `SERVICE_FAILED`. A start
   * looks again after a moment: what died meanwhile has failed, with its last words among the details. What ended without
   * a fault has been started.
   */
  start(name: string, options?: StartOptions): Promise<void>;
  stop(name: string, options?: StartOptions): Promise<void>;
  /** As a start. */
  restart(name: string, options?: StartOptions): Promise<void>;
  /** Throws `SERVICE_FAILED` when it is not running or cannot reload. */
  reload(name: string): Promise<void>;
  enable(name: string): Promise<void>;
  disable(name: string): Promise<void>;
  /** Makes it impossible to start, by anyone; where the manager cannot, throws `SERVICE_FAILED`. */
  mask(name: string, options?: MaskOptions): Promise<void>;
  unmask(name: string, options?: MaskOptions): Promise<void>;
  /** Rereads the definitions of services after files of theirs changed; nothing to do where they are read each time. */
  reread(): Promise<void>;
}

/** What the kernel and the distribution say of the machine; sizes in bytes, times in seconds. */
export interface System {
  hostname(): Promise<string>;
  /** `ID`, `VERSION_ID`, `ID_LIKE`, `PRETTY_NAME`… of `/etc/os-release`; empty where there is none. */
  release(): Promise<Readonly<Record<string, string>>>;
  kernel(): Promise<{ readonly name: string; readonly release: string; readonly arch: string }>;
  uptime(): Promise<number>;
  processors(): Promise<{
    /** Logical processors. */
    readonly count: number;
    /** Physical cores; as many as processors where the kernel does not say. */
    readonly cores: number;
    /** Bytes of the largest cache; 0 where the kernel does not say. */
    readonly cache: number;
    readonly model: string;
    readonly vendor: string;
    /** What it can do, in the kernel's words: `sse2`, `aes`. */
    readonly flags: readonly string[];
    /** The highest clock where it is known: the present one changes from moment to moment. */
    readonly mhz: number;
  }>;
  memory(): Promise<{
    readonly total: number;
    readonly available: number;
    readonly free: number;
    readonly swapTotal: number;
    readonly swapFree: number;
  }>;
  interfaces(): Promise<readonly NetworkInterface[]>;
  mounts(): Promise<readonly Mount[]>;
  load(): Promise<readonly [number, number, number]>;
}

export interface NetworkInterface {
  readonly name: string;
  readonly mac: string;
  readonly up: boolean;
  /** CIDR: `10.0.0.5/24`, `fe80::1/64`. */
  readonly addresses: readonly string[];
}

export interface Mount {
  readonly device: string;
  readonly mountpoint: string;
  readonly type: string;
  readonly options: readonly string[];
  readonly total: number;
  readonly used: number;
  readonly free: number;
}
