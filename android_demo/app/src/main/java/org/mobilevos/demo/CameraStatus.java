package org.mobilevos.demo;

import org.mobilevos.demo.logic.CameraFlow;
import org.mobilevos.demo.logic.Stages;

/** What the Camera tab shows. */
final class CameraStatus {
    CameraFlow.State state;
    /** The objects that are followed, also those out of sight. */
    int[] ids;
    /** The most objects that the model follows; 0 as long as none is open. */
    int most;
    /** The runtime and delegate; null as long as none is open. */
    String engine;
    /** Why the delegate is not the one that was asked for; empty where it is. */
    String fallback;
    /** What the user should know; null for nothing. */
    String note;
    boolean selectionEmpty;
    /** Whether an ellipse stands in for an outline that was not found. */
    boolean selectionGuessed;
    Stages.Summary stages;
    /** Frames that came while the model was busy, and were left out. */
    long dropped;
}
