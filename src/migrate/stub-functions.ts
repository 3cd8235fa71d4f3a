/**
 * What a function answers to a template while no machine is there: the shape is right, so that the template goes on;
 * the value is that of a machine on which there is nothing yet.
 */
export function stubResult(name: string, args: readonly unknown[], refs: readonly string[]): unknown {
  const [first] = args;
  switch (name) {
    case 'user.info':
      return { name: first, uid: 1000, gid: 1000, home: `/home/${first}`, shell: '/bin/sh', groups: [], fullname: '' };
    case 'group.info':
      return { name: first, gid: 1000, members: [], passwd: 'x' };
    case 'cmd.run_all':
      return { pid: 1, retcode: 0, stdout: '', stderr: '' };
    case 'cp.list_states':
      return [...refs];
    case 'pkg.version_cmp':
    case 'cmd.retcode':
      return 0;
    case 'mine.get':
    case 'pkg.list_pkgs':
      return {};
    case 'file.readdir':
    case 'network.ip_addrs':
      return [];
    default:
      return /\.(has_exec|.*exists|is_.*|available|enabled)$/.test(name) ? false : '';
  }
}
