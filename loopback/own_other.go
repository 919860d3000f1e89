//go:build !linux

package loopback

import "net"

func owner(net.Addr, net.Addr) (uid int, ok bool) { return 0, false }

func listenerOwner(*net.TCPAddr) (uid int, ok bool) { return 0, false }
