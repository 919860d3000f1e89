package loopback

import (
	"encoding/binary"
	"net"
	"syscall"
)

// What sock_diag(7) takes and gives (linux/sock_diag.h, linux/inet_diag.h).
const (
	netlinkSockDiag  = 4
	sockDiagByFamily = 20
	headerBytes      = 16 // struct nlmsghdr
	requestBytes     = 56 // struct inet_diag_req_v2
	answerBytes      = 72 // struct inet_diag_msg
	established      = 1
	listening        = 10
)

// owner gives the user whose process holds the end of an established connection that
// is local to it. An end that was closed is nobody's, whatever its process was.
func owner(local, remote net.Addr) (uid int, ok bool) {
	from, okFrom := local.(*net.TCPAddr)
	to, okTo := remote.(*net.TCPAddr)
	if !okFrom || !okTo {
		return 0, false
	}
	return socketOwner(from, to, established)
}

func listenerOwner(at *net.TCPAddr) (uid int, ok bool) {
	return socketOwner(at, &net.TCPAddr{IP: make(net.IP, len(at.IP))}, listening)
}

// socketOwner asks the kernel for the socket between two addresses in a state.
func socketOwner(from, to *net.TCPAddr, state byte) (uid int, ok bool) {
	source, destination, family := from.IP.To4(), to.IP.To4(), byte(syscall.AF_INET)
	if source == nil {
		source, destination, family = from.IP.To16(), to.IP.To16(), syscall.AF_INET6
	}
	message := make([]byte, headerBytes+requestBytes)
	binary.NativeEndian.PutUint32(message, uint32(len(message)))
	binary.NativeEndian.PutUint16(message[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(message[6:], syscall.NLM_F_REQUEST)
	request := message[headerBytes:]
	request[0], request[1] = family, syscall.IPPROTO_TCP
	binary.NativeEndian.PutUint32(request[4:], ^uint32(0)) // in any state
	binary.BigEndian.PutUint16(request[8:], uint16(from.Port))
	binary.BigEndian.PutUint16(request[10:], uint16(to.Port))
	copy(request[12:28], source)
	copy(request[28:44], destination)
	binary.NativeEndian.PutUint64(request[48:], ^uint64(0)) // no cookie

	s, err := syscall.Socket(syscall.AF_NETLINK, syscall.SOCK_RAW|syscall.SOCK_CLOEXEC, netlinkSockDiag)
	if err != nil {
		return 0, false
	}
	defer syscall.Close(s)
	if err := syscall.Sendto(s, message, 0, &syscall.SockaddrNetlink{Family: syscall.AF_NETLINK}); err != nil {
		return 0, false
	}
	buffer := make([]byte, 4096)
	n, _, err := syscall.Recvfrom(s, buffer, 0)
	if err != nil || n < headerBytes+answerBytes || binary.NativeEndian.Uint16(buffer[4:]) != sockDiagByFamily {
		return 0, false // an error of the kernel's: there is no such socket
	}
	answer := buffer[headerBytes:]
	return int(binary.NativeEndian.Uint32(answer[64:])), answer[1] == state && binary.NativeEndian.Uint32(answer[68:]) != 0
}
