# Whoever signs in at the serial console sees editors and pagers as large as his window. `resize` does it again when that has changed.
# Who has typed on already is not asked: what is typed would be taken for the answer.
case $- in *i*) case $(tty) in /dev/ttyS*) [ -n "${BASH_VERSION:-}" ] && read -r -t 0 || /usr/local/bin/resize ;; esac ;; esac
