import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Button } from './button.tsx';
import css from './popover.module.css';

/** A button that opens a panel below it; Escape and a click elsewhere close it. */
export function Popover(props: { label: ReactNode; name: string; isWide?: boolean; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const [isAtLeft, setAtLeft] = useState(false);
  useEffect(() => {
    if (!isOpen) return undefined;
    const onDown = (event: PointerEvent): void => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    addEventListener('pointerdown', onDown);
    return () => removeEventListener('pointerdown', onDown);
  }, [isOpen]);
  const close = (): void => {
    setOpen(false);
    place.current?.querySelector('button')?.focus();
  };
  return (
    <div
      ref={place}
      className={css['place']}
      role="presentation"
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) close();
      }}
    >
      <Button
        aria-expanded={isOpen}
        onClick={(event) => {
          setAtLeft(event.currentTarget.getBoundingClientRect().right < innerWidth / 2);
          setOpen(!isOpen);
        }}
      >
        {props.label}
      </Button>
      {isOpen && (
        <div
          className={`${css['panel']} ${props.isWide ? css['wide'] : ''} ${isAtLeft ? css['left'] : ''}`}
          role="group"
          aria-label={props.name}
        >
          {props.children}
        </div>
      )}
    </div>
  );
}
