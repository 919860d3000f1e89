package engine

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// freeSpace gives the bytes that can still be written below a folder.
func freeSpace(dir string) (free uint64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return s.Bavail * uint64(s.Bsize), true
}

// freeMemory gives the bytes that can still be had, the limit of a container
// included.
func freeMemory() (free uint64, known bool) {
	free = uint64(math.MaxUint64)
	if f, err := os.Open("/proc/meminfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[0] == "MemAvailable:" {
				if n, err := strconv.ParseUint(fields[1], 10, 64); err == nil {
					free, known = n<<10, true
				}
			}
		}
	}
	limit, limited := readNumber("/sys/fs/cgroup/memory.max") // "max" where there is none
	used, counted := readNumber("/sys/fs/cgroup/memory.current")
	if limited && counted {
		free, known = min(free, limit-min(used, limit)), true
	}
	return free, known
}

func readNumber(path string) (uint64, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64)
	return n, err == nil
}
