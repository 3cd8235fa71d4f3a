#!/bin/sh
# First process inside a throw-away host's namespaces: lays the copy of a tree over it, fills /proc, /dev, /run and
# /tmp, and becomes the host's PID 1. Everything it mounts lives in its own mount namespace and goes with it.
# `ready` names the pid, then a line on the standard input lets it go on: until then descriptor 9 is what the host changes.
# In: HOST_DIR HOST_NAME HOST_LOWER HOST_INIT(plain|systemd) HOST_NETWORK(machine|own) HOST_OVERLAYS HOST_BINDS HOST_READS HOST_TMP HOST_DROP
set -eu
# Lists of folders come one a line: any of them may have spaces in its name.
lines='
'

# Through the machine's /proc, so this is the pid the harness knows. `read` is the shell itself, `cat` would not be.
read -r leader _ < /proc/self/stat
root=$HOST_DIR/root
upper=$HOST_DIR/upper

mount -t tmpfs -o size=2g,mode=755 zester-host "$upper"
exec 9< "$upper"
overlay() { # lower, place, name
  mkdir -p "$upper/$3" "$upper/$3.work"
  mount -t overlay -o "lowerdir=$1,upperdir=$upper/$3,workdir=$upper/$3.work" overlay "$2"
}
overlay "$HOST_LOWER" "$root" tree
# Other disks of the machine, such as a /var or /usr of its own, are not part of the overlay of `/`.
count=0
IFS=$lines
for each in $HOST_OVERLAYS; do
  count=$((count + 1))
  overlay "$each" "$root$each" "disk$count"
done

hostname "$HOST_NAME"
echo "$HOST_NAME" > "$root/etc/hostname"
# A copy must not pass for its original; systemd makes one itself.
if [ "$HOST_INIT" = plain ]; then tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"; fi
printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n' "$HOST_NAME" > "$root/etc/hosts"
if [ "$HOST_NETWORK" = machine ]; then
  rm -f "$root/etc/resolv.conf"
  cat /etc/resolv.conf > "$root/etc/resolv.conf" 2>/dev/null || :
else
  ip link set lo up
fi

mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# Read-only: a writable /sys would wake udev in a host that has systemd, and shows the machine's devices to everyone.
mount -t sysfs -o nosuid,nodev,noexec,ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,size=4m tmpfs "$root/dev"
mount -t tmpfs -o mode=755,nosuid,nodev,size=512m tmpfs "$root/run"
for each in $HOST_TMP; do mount -t tmpfs -o mode=1777,nosuid,nodev,size=1g tmpfs "$root$each"; done
# After /tmp and /run, below which a folder may lie.
for each in $HOST_BINDS; do
  mkdir -p "$root$each"
  mount --rbind "$each" "$root$each"
done
for each in $HOST_READS; do
  mkdir -p "$root$each"
  mount --bind "$each" "$root$each"
  mount -o remount,bind,ro "$root$each"
done
unset IFS
while read -r name kind major minor; do mknod -m 666 "$root/dev/$name" "$kind" "$major" "$minor"; done <<NODES
null c 1 3
zero c 1 5
full c 1 7
random c 1 8
urandom c 1 9
tty c 5 0
NODES
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777,nosuid,nodev,size=256m tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"
mkdir -p "$root/run/lock"

# Kernel settings belong to the whole machine, except those of a namespace.
sysctl=$root/proc/sys
writable=kernel/hostname
[ "$HOST_NETWORK" = machine ] || writable="$writable net"
for each in $writable; do mount --bind "$sysctl/$each" "$sysctl/$each"; done
mount --rbind "$sysctl" "$sysctl"
mount -o remount,bind,ro,nosuid,nodev,noexec "$sysctl"
if [ -e "$root/proc/sysrq-trigger" ]; then mount --bind /dev/null "$root/proc/sysrq-trigger"; fi
if [ "$HOST_INIT" = systemd ]; then mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"; fi

cd "$root"
mkdir -p .machine
pivot_root . .machine
umount -l /.machine
rmdir /.machine

echo "ready $leader"
read -r _
exec 9<&- < /dev/null
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ "$HOST_INIT" = systemd ]; then
  exec env -i container=zester-host PATH=$path LANG=C.UTF-8 \
    setpriv --bounding-set "$HOST_DROP" /sbin/init --log-target=journal --show-status=false
fi
# PID 1 must reap what others leave behind: a waiting shell does.
exec env -i PATH=$path setpriv --bounding-set "$HOST_DROP" \
  /bin/sh -c 'exec >/dev/null 2>&1; trap "" TERM INT HUP; while :; do sleep 1000000 & wait; done'
