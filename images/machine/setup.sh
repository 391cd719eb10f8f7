#!/bin/sh
# Runs inside every machine's disk while it is made: what boots it, what it does at its start, and a clean house.
set -eu
printf 'LANG=en_US.UTF-8\n' >/etc/default/locale
printf 'en_US.UTF-8 UTF-8\nen_GB.UTF-8 UTF-8\nit_IT.UTF-8 UTF-8\n' >/etc/locale.gen
locale-gen >/dev/null

update-initramfs -u -k all

# The boot loader, ready to be written in front of the only partition.
grub-mkimage -O i386-pc -o /boot/grub/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 linux16 normal
cp /usr/lib/grub/i386-pc/boot.img /boot/grub/boot.img

# Whoever is at a console of the machine was let in by name, and the password that cloud-init sets is known to nobody who sits there.
sed -i 's/^@include common-auth$/auth [success=1 default=ignore] pam_succeed_if.so quiet user = crownlabs\nauth substack common-auth\nauth required pam_permit.so/' \
  /etc/pam.d/login

systemctl enable -q systemd-networkd systemd-resolved ssh qemu-guest-agent crownlabs-settled crownlabs-grow || true
# cloud-init has something to do on every machine, so no script has to find that out; the others look for disks that no machine has.
generators=/etc/systemd/system-generators
mkdir -p "$generators" /etc/systemd/system/multi-user.target.wants
for name in cloud-init-generator systemd-cryptsetup-generator systemd-gpt-auto-generator systemd-hibernate-resume-generator \
  systemd-integritysetup-generator systemd-run-generator systemd-system-update-generator systemd-veritysetup-generator; do
  ln -sf /dev/null "$generators/$name"
done
ln -sf /lib/systemd/system/cloud-init.target /etc/systemd/system/multi-user.target.wants/cloud-init.target
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
# What the machine is told comes from a disk, so nothing at its start waits for the network; timers that look for work right after a
# start take the processor when somebody waits for it.
systemctl mask -q systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
  man-db.timer dpkg-db-backup.timer systemd-random-seed.service fstrim.timer systemd-pstore.service getty-static.service \
  modprobe@drm.service systemd-repart.service systemd-network-generator.service systemd-update-utmp-runlevel.service systemd-rfkill.socket \
  systemd-initctl.socket
# Python's own byte code needs no entry among the formats of programs, which would be read at each boot.
rm -f /usr/lib/binfmt.d/python3*.conf
# Without it cloud-init checks nothing for its form, which takes longer than all else that it does.
rm -rf /usr/lib/python3/dist-packages/jsonschema
# The first boot makes keys and ids of its own.
rm -f /etc/ssh/ssh_host_*
find /usr/lib/python3/dist-packages/cloudinit/config/cc_crownlabs_volumes.py -exec python3 -m py_compile {} +
: >/etc/machine-id
rm -f /var/lib/dbus/machine-id /var/lib/systemd/random-seed
cloud-init clean --logs --seed 2>/dev/null || true
rm -rf /var/cache/apt/* /var/lib/apt/lists/* /var/cache/debconf/*-old /var/log/* /tmp/*
mkdir -p /var/log/journal && chmod 2755 /var/log/journal
