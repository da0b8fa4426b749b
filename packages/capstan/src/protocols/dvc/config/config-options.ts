/** What an option of a DVC config file may hold. */
export type OptionKind =
  | 'text'
  | 'path'
  | 'flag'
  | 'number'
  /** A whole number. */
  | 'count'
  /** A whole number of at least 1. */
  | 'jobs'
  | 'links'
  | readonly string[];

export type Options = Readonly<Record<string, OptionKind>>;

export const LINK_TYPES = ['reflink', 'copy', 'hardlink', 'symlink'] as const;

/** `names` share one kind: a table of options is mostly that. */
function all(kind: OptionKind, names: string): Record<string, OptionKind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

const ANY_REMOTE: Options = {
  url: 'path',
  ...all('jobs', 'jobs checksum_jobs'),
  ...all('flag', 'worktree version_aware no_traverse verify'),
};
const LOCAL: Options = { type: 'links', shared: ['group'], ...all('flag', 'protected slow_link_warning verify') };
const HTTP: Options = {
  auth: ['basic', 'digest', 'custom'],
  ...all('text', 'custom_auth_header user password ssl_verify method'),
  ask_password: 'flag',
  ...all('number', 'connect_timeout read_timeout'),
};
const WEBDAV: Options = {
  ...all('text', 'user password token bearer_token_command custom_auth_header ssl_verify'),
  ...all('path', 'cert_path key_path'),
  ask_password: 'flag',
  timeout: 'count',
};

/** By the scheme of the remote's url; empty for a folder. Options of dvc 3.67.1. */
export const REMOTE_OPTIONS: Readonly<Record<string, Options>> = {
  '': { ...ANY_REMOTE, ...LOCAL },
  s3: {
    ...ANY_REMOTE,
    ...all('text', 'region profile endpointurl access_key_id secret_access_key session_token ssl_verify'),
    ...all('text', 'sse sse_kms_key_id sse_customer_algorithm sse_customer_key'),
    ...all('text', 'acl grant_read grant_read_acp grant_write_acp grant_full_control'),
    ...all('path', 'credentialpath configpath'),
    ...all('flag', 'listobjects use_ssl allow_anonymous_login cache_regions'),
    ...all('count', 'read_timeout connect_timeout'),
  },
  gs: {
    ...ANY_REMOTE,
    ...all('text', 'projectname endpointurl'),
    credentialpath: 'path',
    allow_anonymous_login: 'flag',
  },
  ssh: {
    ...ANY_REMOTE,
    type: 'links',
    ...all('text', 'user password passphrase'),
    keyfile: 'path',
    ...all('count', 'port timeout max_sessions'),
    ...all('flag', 'ask_password ask_passphrase gss_auth allow_agent'),
  },
  hdfs: { ...ANY_REMOTE, ...all('text', 'user kerb_ticket'), replication: 'count' },
  webhdfs: {
    ...ANY_REMOTE,
    ...all('text', 'kerberos_principal proxy_to ssl_verify token user password data_proxy_target'),
    ...all('flag', 'kerberos use_https'),
  },
  azure: {
    ...ANY_REMOTE,
    ...all('text', 'connection_string sas_token account_name account_key tenant_id client_id client_secret'),
    ...all('flag', 'allow_anonymous_login exclude_environment_credential exclude_visual_studio_code_credential'),
    ...all('flag', 'exclude_shared_token_cache_credential exclude_managed_identity_credential'),
    ...all('count', 'timeout read_timeout connection_timeout'),
  },
  oss: { ...ANY_REMOTE, ...all('text', 'oss_key_id oss_key_secret oss_endpoint') },
  gdrive: {
    ...ANY_REMOTE,
    ...all('text', 'profile gdrive_client_id gdrive_client_secret gdrive_service_account_user_email'),
    ...all('path', 'gdrive_user_credentials_file gdrive_service_account_json_file_path'),
    ...all('flag', 'gdrive_use_service_account gdrive_trash_only gdrive_acknowledge_abuse'),
  },
  http: { ...ANY_REMOTE, ...HTTP },
  https: { ...ANY_REMOTE, ...HTTP },
  webdav: { ...ANY_REMOTE, ...WEBDAV },
  webdavs: { ...ANY_REMOTE, ...WEBDAV },
};

/** The sections besides those of remotes. */
export const SECTION_OPTIONS: Readonly<Record<string, Options>> = {
  core: {
    remote: 'text',
    checksum_jobs: 'jobs',
    ...all('flag', 'interactive analytics hardlink_lock no_scm autostage experiments check_update'),
    ...all('text', 'site_cache_dir machine'),
  },
  cache: { dir: 'path', ...LOCAL, ...all('text', 'local s3 gs hdfs webhdfs ssh azure') },
  state: all('text', 'dir row_limit row_cleanup_quota'),
  index: { dir: 'text' },
  plots: { html_template: 'text', auto_open: 'flag', out_dir: 'text' },
  exp: { ...all('text', 'code data models metrics params plots live git_remote'), auto_push: 'flag' },
  parsing: { bool: ['store_true', 'boolean_optional'], list: ['nargs', 'append'] },
  hydra: { enabled: 'flag', ...all('text', 'config_dir config_module config_name plugins_path') },
  studio: { ...all('text', 'token url repo_url'), offline: 'flag' },
};

/** Sections of which there is one for each name: `['db "name"']`. */
export const NAMED_OPTIONS: Readonly<Record<string, Options>> = {
  db: all('text', 'url username password'),
  machine: {
    ...all('text', 'cloud region image spot spot_price instance_hdd_size instance_type instance_gpu'),
    ...all('text', 'ssh_private startup_script setup_script'),
  },
};

/** Sections whose content DVC does not check. */
export const UNCHECKED_SECTIONS: readonly string[] = ['feature'];
