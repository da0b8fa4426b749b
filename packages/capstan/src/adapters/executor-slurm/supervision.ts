/**
 * The part of every attempt's script that starts its command, watches it and says how it went. Before it stand `folder`,
 * `log`, `cwd`, `mark`, `timeout`, `grace` and the function `start_command`. Bash alone, since nothing else can be
 * counted on at a node; times are hundredths of a second since the node's start.
 */
export const SUPERVISION = bash`
export LC_ALL=C
exec 2>/dev/null
cancelled=
trap 'cancelled=1' TERM

# Once: a job that Slurm starts again, on this node or another, ends here.
mkdir "$folder/started" || exit 0
node=$\{SLURMD_NODENAME:-$HOSTNAME}
printf '%s\n' "$node" >"$folder/started/node"
mkfifo "$folder/started/nap" && exec 8<>"$folder/started/nap"

# Without a process of its own, which would count as the command's.
nap() { read -r -t "$(($1 / 100)).$(printf '%02d' $(($1 % 100)))" -u 8 _; }
clock() {
  local line
  read -r line _ </proc/uptime
  now=$((10#$\{line/./}))
}
clock
began=$now

finish() {
  times >"$folder/started/times"
  {
    printf '%s\n' "$1" "by=$by" "ticks=$((now - began))" "peakKb=$peak" "node=$node"
    tail -n 1 "$folder/started/times"
  } >"$folder/end.new" && mv "$folder/end.new" "$folder/end"
}
by=
peak=0
if ! cd "$cwd" || ! : >>"$log"; then
  printf 'capstan: node %s cannot use %s and %s: it must see them under these paths\n' "$node" "$cwd" "$log" >>"$log"
  finish exit=126
  exit 0
fi

(trap - INT QUIT TERM; start_command) >>"$log" 2>&1 </dev/null 8>&- &
leader=$!

# All processes of the command: of its session, with its mark, seen before, and all descendants of these.
declare -A known=()
look() {
  local stat line pid key more name value sum=0
  local -a field
  local -A parents=() keys=() kin=()
  for stat in /proc/[0-9]*/stat; do
    IFS= read -r line <"$stat" || continue
    pid=$\{stat:6}
    pid=$\{pid%/stat}
    field=($\{line##*) })
    [[ $\{field[0]} == [ZX] ]] && continue
    parents[$pid]=$\{field[1]}
    keys[$pid]=$pid:$\{field[19]}
    if [[ $\{field[3]} == "$leader" || $pid == "$leader" || -n $\{known[$pid:$\{field[19]}]} ]]; then kin[$pid]=1; fi
  done
  if [[ -n $1 ]]; then
    for stat in $(grep -lzxF -e "$mark" /proc/[0-9]*/environ); do
      pid=$\{stat:6}
      pid=$\{pid%/environ}
      [[ -n $\{keys[$pid]} ]] && kin[$pid]=1
    done
  fi
  more=1
  while [[ -n $more ]]; do
    more=
    for pid in "$\{!parents[@]}"; do
      if [[ -z $\{kin[$pid]} && -n $\{kin[$\{parents[$pid]}]} ]]; then kin[$pid]=1 more=1; fi
    done
  done
  unset "kin[$$]"
  living=("$\{!kin[@]}")
  for pid in "$\{living[@]}"; do
    known[$\{keys[$pid]}]=1
    while read -r name value _; do
      if [[ $name == VmHWM: ]] && ((value > peak)); then peak=$value; fi
      if [[ $name == VmRSS: ]]; then
        sum=$((sum + value))
        break
      fi
    done <"/proc/$pid/status"
  done
  if ((sum > peak)); then peak=$sum; fi
}

status=
term_at=
empty=0
every=2
while :; do
  clock
  if [[ -z $status && ! -e /proc/$leader ]]; then
    # Jobs that a signal has ended are not listed any more; $? alone does not tell 143 from TERM.
    jobs -l >"$folder/started/jobs"
    read -r -d '' listed <"$folder/started/jobs"
    wait "$leader"
    code=$?
    if ((code <= 128)) || [[ $listed =~ [[:space:]]$leader[[:space:]]+(Done|Exit) ]]; then status=exit=$code; else status=signal=$((code - 128)); fi
  fi
  if [[ -z $status && -z $by ]]; then
    if ((now - began >= timeout)); then by=timed-out
    elif [[ -n $cancelled ]]; then by=cancelled
    elif [[ ! -e $folder/started ]]; then by=given-up
    fi
  fi
  look "$status$by"
  seen_at=$now
  clock
  cost=$((now - seen_at))
  if [[ -n $status && $\{#living[@]} == 0 ]]; then
    if ((++empty >= 2)); then break; fi
    continue
  fi
  empty=0
  if [[ -n $status || -n $by ]]; then
    if [[ -z $term_at ]]; then
      term_at=$now
      kill -TERM "$\{living[@]}"
    elif ((now - term_at >= grace)); then
      # First, or it would end by itself for want of those that it waits for.
      [[ -z $status ]] && kill -KILL "$leader"
      kill -KILL "$\{living[@]}"
    fi
    nap $((cost * 4 > 2 ? cost * 4 : 2))
    continue
  fi
  # Looking takes a twentieth of the time at most; the end of the command is looked for at least twice a second.
  look_at=$((now + (cost * 20 > every ? cost * 20 : every)))
  every=$((every < 50 ? every * 2 : 100))
  while [[ -e /proc/$leader && -z $cancelled && -e $folder/started ]] && ((now < look_at && now - began < timeout)); do
    left=$((look_at - now))
    ((began + timeout - now < left)) && left=$((began + timeout - now))
    nap $((left > 50 ? 50 : left))
    clock
  done
done
finish "$status"
`;

/** Text as it stands, but for `$\{`, which is bash's own brace and not one of this language. */
function bash(text: TemplateStringsArray): string {
  return String.raw(text).replaceAll('$\\{', '${');
}
