// A real Ray cluster on loopback, with its own token, started and ended by the test that needs it.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const MARK = 'CAPSTAN_TEST_RAY';
const START_WITHIN_MS = 120_000;

export interface RayNode {
  /** Kills its raylet with KILL, as a machine that goes away. */
  kill(): void;
}

export interface RayCluster {
  /** Of the dashboard. */
  readonly address: string;
  readonly token: string;
  /** Where the nodes keep what they keep. */
  readonly folder: string;
  /** @param resources further ones that tasks may ask for */
  addNode(cpus: number): Promise<RayNode>;
  stop(): Promise<void>;
}

/** @param programs folder with `ray` and `python3` */
export async function startRayCluster(programs: string, cpus: number): Promise<RayCluster> {
  // Sockets lie in there, and their paths may have 107 bytes.
  const folder = mkdtempSync('/tmp/cr-');
  const token = randomBytes(24).toString('hex');
  const mark = randomBytes(8).toString('hex');
  const [port, dashboardPort, agentPort, clientPort] = await freePorts(4);
  const address = `http://127.0.0.1:${dashboardPort}`;
  const env = {
    PATH: [programs, '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    HOME: folder,
    TMPDIR: join(folder, 'nodes'),
    RAY_AUTH_MODE: 'token',
    RAY_AUTH_TOKEN: token,
    RAY_USAGE_STATS_ENABLED: '0',
    // Environments are built on nodes: of what lies here, and of nothing else.
    PIP_NO_INDEX: '1',
    RAY_TMPDIR: folder,
    [MARK]: mark,
  };
  mkdirSync(env.TMPDIR);
  const common = [`--num-cpus`, '--object-store-memory=80000000', '--disable-usage-stats', '--block'];
  const ray = (cpusOf: number, args: readonly string[]): ChildProcess =>
    spawn(join(programs, 'ray'), ['start', ...args, `--num-cpus=${cpusOf}`, ...common.slice(1)], {
      env,
      cwd: folder,
      stdio: 'ignore',
      detached: true,
    });

  ray(cpus, [
    '--head',
    '--node-ip-address=127.0.0.1',
    `--port=${port}`,
    '--dashboard-host=127.0.0.1',
    `--dashboard-port=${dashboardPort}`,
    `--dashboard-agent-listen-port=${agentPort}`,
    `--ray-client-server-port=${clientPort}`,
  ]);

  async function aliveNodes(): Promise<readonly { readonly node_id: string }[]> {
    const response = await fetch(`${address}/api/v0/nodes?detail=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { data } = (await response.json()) as {
      data: { result: { result: { node_id: string; state: string }[] } };
    };
    return data.result.result.filter(({ state }) => state === 'ALIVE');
  }

  async function untilThereAre(count: number): Promise<void> {
    const untilMs = performance.now() + START_WITHIN_MS;
    for (;;) {
      const nodes = await aliveNodes().catch(() => []);
      if (nodes.length >= count) return;
      if (performance.now() > untilMs) throw new Error(`Ray has ${nodes.length} nodes instead of ${count}`);
      await sleep(100);
    }
  }

  async function stop(): Promise<void> {
    for (let pids = processesOf(mark); pids.length > 0; pids = processesOf(mark)) {
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has just ended.
        }
      }
      await sleep(50);
    }
    rmSync(folder, { recursive: true, force: true });
  }

  try {
    await untilThereAre(1);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    token,
    folder,
    async addNode(cpusOf) {
      const count = (await aliveNodes()).length;
      const raylets = new Set(rayletsOf(mark));
      const [ownAgentPort] = await freePorts(1);
      ray(cpusOf, [`--address=127.0.0.1:${port}`, `--dashboard-agent-listen-port=${ownAgentPort}`]);
      await untilThereAre(count + 1);
      const own = rayletsOf(mark).filter((pid) => !raylets.has(pid));
      return { kill: () => own.forEach((pid) => process.kill(pid, 'SIGKILL')) };
    },
    stop,
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => await new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** All that bears the mark of the cluster in its environment. */
function processesOf(mark: string): number[] {
  return numbers().filter((pid) => readProcess(pid, 'environ').includes(`${MARK}=${mark}`));
}

function rayletsOf(mark: string): number[] {
  return processesOf(mark).filter((pid) => /\/raylet\0/.test(readProcess(pid, 'cmdline')));
}

function numbers(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}
