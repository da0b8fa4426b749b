import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, useState, type ReactNode } from 'react';
import css from './loaded.module.css';
import { Failure } from './problem.tsx';

const SHAPE_AFTER_MS = 300;

/**
 * What a query has: its data, and above it why a fresh read failed. Nothing at first, then the shape of what comes.
 */
export function Loaded<Data>({ of, children }: { of: UseQueryResult<Data>; children(data: Data): ReactNode }) {
  return (
    <>
      {of.error && <Failure error={of.error} />}
      {of.data !== undefined ? children(of.data) : !of.error && of.isEnabled && <Shape />}
    </>
  );
}

function Shape() {
  const [isShown, setShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setShown(true), SHAPE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <output className={css['shape']} aria-label="Loading">
      {isShown && [0, 1, 2].map((line) => <span key={line} />)}
    </output>
  );
}
