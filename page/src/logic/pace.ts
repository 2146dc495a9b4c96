/**
 * Acts once for all the times that it is wanted within `quiet` milliseconds, and begins anew only when the act before has ended: what is begun again at each
 * wish would never end where wishes come faster than the act takes.
 */
export function paced(act: () => Promise<unknown>, quiet: number): { want: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isActing = false;
  let isWanted = false;
  let isStopped = false;

  const later = () => {
    isWanted = false;
    timer = setTimeout(() => void once(), quiet);
  };
  const once = async () => {
    timer = null;
    isActing = true;
    try {
      await act();
    } finally {
      isActing = false;
    }
    if (isWanted && !isStopped) {
      later();
    }
  };
  return {
    want: () => {
      if (isActing) {
        isWanted = true;
      } else if (timer === null && !isStopped) {
        later();
      }
    },
    stop: () => {
      isStopped = true;
      if (timer !== null) {
        clearTimeout(timer);
      }
    },
  };
}
