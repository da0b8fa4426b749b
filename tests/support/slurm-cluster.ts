// A real Slurm cluster of one node on this machine: munged, slurmctld and slurmd of their own, on free ports.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './s3-server.ts';
import { emptyFolder } from './server.ts';

/** Greater than the machine's own; the node claims them, and nothing measures. */
const NODE = { name: 'node1', cpus: 8, memoryMib: 8000 };
const START_MS = 30_000;

export interface SlurmCluster {
  readonly node: string;
  /** For Slurm's commands. */
  readonly environment: Readonly<Record<string, string>>;
  /** What a Slurm command prints. */
  ask(program: string, ...args: string[]): string;
  startNode(): Promise<void>;
  /** As a machine that loses its slurmd: what runs there goes on. */
  killNodeDaemon(): Promise<void>;
  startController(): Promise<void>;
  killController(): Promise<void>;
  /** Cancels all jobs, and waits until none is left. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

/** @param root as `ensureSlurm` finds it */
export async function startSlurmCluster(root: string): Promise<SlurmCluster> {
  const folder = emptyFolder();
  for (const name of ['state', 'spool', 'run']) mkdirSync(join(folder, name));
  const plugins = globSync('usr/lib/*/slurm*/auth_munge.so', { cwd: root })[0];
  if (plugins === undefined) throw new Error(`there are no plugins of Slurm in ${root}`);
  const pluginFolder = join(root, plugins, '..');
  const socket = join(folder, 'run', 'munge');
  const key = join(folder, 'key');
  writeFileSync(key, randomBytes(1024), { mode: 0o400 });
  const conf = join(folder, 'slurm.conf');
  writeFileSync(conf, await settingsOf(folder, pluginFolder, socket));
  const environment = {
    PATH: `${join(root, 'usr/bin')}:/usr/bin:/bin`,
    LD_LIBRARY_PATH: `${join(pluginFolder, '..')}:${pluginFolder}`,
    SLURM_CONF: conf,
    HOME: folder,
  };

  function daemon(name: string, args: readonly string[]): ChildProcess {
    const child = spawn(join(root, 'usr/sbin', name), args, {
      env: environment,
      stdio: ['ignore', 'ignore', 'ignore'],
      detached: true,
    });
    return child;
  }

  function ask(program: string, ...args: string[]): string {
    return spawnSync(program, args, { env: environment, encoding: 'utf8', timeout: START_MS }).stdout ?? '';
  }

  async function until(what: string, isSo: () => boolean): Promise<void> {
    const endMs = Date.now() + START_MS;
    while (!isSo()) {
      if (Date.now() > endMs) throw new Error(`${what} did not come: ${logOf(folder)}`);
      await sleep(100);
    }
  }

  const vouching = daemon('munged', [
    ...['--foreground', '--force', `--socket=${socket}`, `--key-file=${key}`, `--seed-file=${join(folder, 'seed')}`],
    ...[`--log-file=${join(folder, 'munged.log')}`, `--pid-file=${join(folder, 'run/munged.pid')}`],
  ]);
  await until('munged', () => globSync(socket).length > 0);
  let controller: ChildProcess | undefined;
  let node: ChildProcess | undefined;

  const cluster: SlurmCluster = {
    node: NODE.name,
    environment,
    ask,
    async startController() {
      controller = daemon('slurmctld-wlm', ['-D']);
      await until('slurmctld', () => ask('sinfo', '--noheader').includes('main'));
    },
    async startNode() {
      node = daemon('slurmd-wlm', ['-D', '-N', NODE.name, '-d', join(root, 'usr/sbin/slurmstepd-wlm')]);
      await until('the node', () => /^idle$/m.test(ask('sinfo', '--noheader', '--format=%T')));
    },
    killNodeDaemon: () => end(node, 'SIGKILL'),
    killController: () => end(controller, 'SIGKILL'),
    async clear() {
      ask('scancel', `--user=${userInfo().username}`);
      await until('an empty queue', () => ask('squeue', '--noheader') === '');
    },
    async stop() {
      for (const each of [node, controller, vouching]) await end(each, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await cluster.startController();
  await cluster.startNode();
  return cluster;
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await once(child, 'exit');
}

function logOf(folder: string): string {
  return globSync('*.log', { cwd: folder })
    .map((name) => readFileSync(join(folder, name), 'utf8').slice(-2000))
    .join('\n');
}

async function settingsOf(folder: string, pluginFolder: string, socket: string): Promise<string> {
  const { username } = userInfo();
  const host = hostname().split('.')[0] ?? 'localhost';
  const settings = {
    ClusterName: 'capstan',
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmUser: username,
    SlurmdUser: username,
    SlurmctldPort: await freePort(),
    SlurmdPort: await freePort(),
    AuthType: 'auth/munge',
    AuthInfo: `socket=${socket}`,
    PluginDir: pluginFolder,
    StateSaveLocation: join(folder, 'state'),
    SlurmdSpoolDir: join(folder, 'spool'),
    SlurmctldPidFile: join(folder, 'run/slurmctld.pid'),
    SlurmdPidFile: join(folder, 'run/slurmd.pid'),
    SlurmctldLogFile: join(folder, 'slurmctld.log'),
    SlurmdLogFile: join(folder, 'slurmd.log'),
    ProctrackType: 'proctrack/linuxproc',
    TaskPlugin: 'task/none',
    JobAcctGatherType: 'jobacct_gather/none',
    AccountingStorageType: 'accounting_storage/none',
    SelectType: 'select/cons_tres',
    SelectTypeParameters: 'CR_CPU_Memory',
    DefMemPerCPU: 100,
    SlurmdParameters: 'config_overrides',
    ReturnToService: 2,
    SlurmdTimeout: 5,
    MpiDefault: 'none',
  };
  return [
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
    `NodeName=${NODE.name} NodeHostname=${host} NodeAddr=127.0.0.1 CPUs=${NODE.cpus} RealMemory=${NODE.memoryMib}`,
    `PartitionName=main Nodes=${NODE.name} Default=YES MaxTime=INFINITE State=UP`,
    `PartitionName=short Nodes=${NODE.name} MaxTime=1 State=UP`,
    '',
  ].join('\n');
}
