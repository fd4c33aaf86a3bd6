package org.mobilevos.demo;

import android.media.Image;
import android.os.SystemClock;
import org.mobilevos.core.Engine;
import org.mobilevos.core.FrameResult;
import org.mobilevos.core.Latency;
import org.mobilevos.core.Mask;
import org.mobilevos.core.RgbImage;
import org.mobilevos.core.Session;
import org.mobilevos.core.YuvToRgb;
import org.mobilevos.demo.logic.CameraFlow;
import org.mobilevos.demo.logic.ObjectIds;
import org.mobilevos.demo.logic.Stages;

/**
 * Follows objects through the camera's frames, of which it always gets the newest: those that come while it works are
 * dropped. A frame allocates nothing.
 */
final class CameraFollower extends MarkingWork implements CameraImages.Worker {
    /** Hears, in the UI thread, that there is another status. */
    interface Listener {
        void onCameraStatus(CameraStatus status);
    }

    // The figures are of so many of the latest frames.
    private static final int FRAMES = 120;
    // Figures that change more often cannot be read.
    private static final long FIGURES_EVERY_NS = 400L * 1000 * 1000;
    // An exposure that seems older was timed by another clock.
    private static final double OLDEST_MS = 1000;
    private static final double NANOSECONDS = 1e6;

    private final CameraFlow flow = new CameraFlow();
    private final Stages stages = new Stages(FRAMES);
    private Engine engine;
    private Session session;
    private YuvFrames frames;
    private int rotation;
    private RgbImage frame;
    private boolean freezeNext;
    private long dropped;
    private long figuresAt;
    private volatile Listener listener;

    CameraFollower(Workbench workbench) {
        super(workbench);
    }

    /** Who hears from now on; null for nobody. */
    void setListener(Listener newListener) {
        listener = newListener;
    }

    /** Opens the model, or the newly chosen one; what was followed with another engine is not followed any more. */
    void prepare() {
        post(new Command() {
            @Override
            void run() {
                open();
            }
        });
    }

    /** The camera's pictures are turned clockwise by so many degrees from now on. */
    void setRotation(final int degrees) {
        // No command: the camera starts by itself, and what the user was told stays.
        workbench.inference.post(new Runnable() {
            @Override
            public void run() {
                if (frames != null && rotation == degrees) {
                    return;
                }
                rotation = degrees;
                // Cameras give the full range, as JPEG has it.
                frames = new YuvFrames(degrees, 1, YuvToRgb.Encoding.BT601_FULL);
                frame = null;
                if (flow.state() != CameraFlow.State.PREVIEW) {
                    startAnew();
                    note = workbench.context.getString(R.string.turned);
                    tell();
                }
            }
        });
    }

    /** Freezes the picture, so that the first object can be marked. */
    void freeze() {
        post(new Command() {
            @Override
            void run() {
                // The next frame becomes the frozen one: those before were not converted.
                freezeNext = flow.state() == CameraFlow.State.PREVIEW;
            }
        });
    }

    /** Freezes the picture, so that one more object can be marked. */
    void add() {
        post(new Command() {
            @Override
            void run() {
                if (session != null && flow.add(session.objectIds().length, engine.spec().maxObjects)) {
                    select(ObjectIds.next(session.objectIds()));
                }
            }
        });
    }

    /** Freezes the picture, so that the mask of the object at a pixel can be put right. */
    void correct(final int x, final int y, final int radius) {
        post(new Command() {
            @Override
            void run() {
                int id = touched(x, y, radius);
                if (id != 0 && flow.correct()) {
                    select(id);
                }
            }
        });
    }

    /** Stops following the object at a pixel. */
    void drop(final int x, final int y, final int radius) {
        post(new Command() {
            @Override
            void run() {
                int id = touched(x, y, radius);
                if (id != 0) {
                    session.removeObjects(id);
                    if (session.objectIds().length == 0) {
                        startAnew();
                    }
                }
            }
        });
    }

    /** Follows what is marked. */
    void accept() {
        post(new Command() {
            @Override
            void run() {
                if (!flow.frozen()) {
                    return; // a second tap, while the first one opened the model
                }
                Mask mask = selection().mask();
                if (flow.state() == CameraFlow.State.SELECTING) {
                    open();
                    session = Session.start(engine, frame, mask);
                    stages.clear();
                    dropped = 0;
                } else if (flow.state() == CameraFlow.State.ADDING) {
                    session.addObjects(mask);
                } else {
                    session.correct(mask);
                }
                flow.accept();
                resume();
            }
        });
    }

    /** Gives up what is marked. */
    void cancelSelection() {
        post(new Command() {
            @Override
            void run() {
                if (flow.cancel()) {
                    resume();
                }
            }
        });
    }

    /** Follows nothing any more. */
    void reset() {
        post(new Command() {
            @Override
            void run() {
                startAnew();
            }
        });
    }

    @Override
    public void onImage(Image image, int skipped) {
        dropped += skipped;
        try {
            boolean taken;
            long begin = System.nanoTime();
            try {
                taken = take(image);
            } finally {
                image.close(); // before the model runs, so that the camera can go on
            }
            if (taken) {
                follow(begin);
            }
        } catch (RuntimeException error) {
            note = Problems.text(workbench.context, error);
            startAnew();
            tell();
        }
    }

    /** Converts an image if it is needed. */
    private boolean take(Image image) {
        boolean needed = flow.state() == CameraFlow.State.FOLLOWING || freezeNext;
        if (!needed || frames == null) {
            return false;
        }
        if (frame == null) {
            frame = frames.newPicture(image);
            painter = new FramePainter(frame.width, frame.height);
        }
        double age = (SystemClock.elapsedRealtimeNanos() - image.getTimestamp()) / NANOSECONDS;
        frames.convert(image, frame);
        if (age >= 0 && age < OLDEST_MS) {
            stages.addCamera(age);
        }
        return true;
    }

    private void follow(long begin) {
        if (freezeNext) {
            freezeNext = false;
            flow.select();
            select(1);
            tell();
            return;
        }
        long converted = System.nanoTime();
        FrameResult result = session.step(frame);
        long stepped = System.nanoTime();
        painter.drawLayer(result.mask);
        showPicture();
        long drawn = System.nanoTime();
        stages.add(Latency.between(begin, converted), result.latency, Latency.between(stepped, drawn), drawn);
        if (drawn - figuresAt > FIGURES_EVERY_NS) {
            figuresAt = drawn;
            tell();
        }
    }

    private void open() {
        Engine opened = null;
        try {
            opened = workbench.openChosen();
        } finally { // where it fails, the one before is closed, too
            if (session != null && opened != engine) {
                endSession();
            }
            engine = opened;
        }
    }

    private void endSession() {
        startAnew();
        note = workbench.context.getString(R.string.model_changed);
    }

    private void select(int id) {
        selection = new SelectionWork(frame, id, session == null ? null : session.lastResult().mask, painter);
        showPicture();
    }

    /** The followed object at a pixel; 0 where there is none, or nothing is being followed. */
    private int touched(int x, int y, int radius) {
        if (flow.state() != CameraFlow.State.FOLLOWING) {
            return 0;
        }
        int id = ObjectIds.at(session.lastResult().mask, x, y, radius);
        return ObjectIds.has(session.objectIds(), id) ? id : 0;
    }

    private void resume() {
        selection = null;
        if (session == null) {
            painter.clear();
        } else {
            painter.drawLayer(session.lastResult().mask);
        }
        showPicture();
    }

    private void startAnew() {
        flow.reset();
        session = null;
        selection = null;
        freezeNext = false;
        if (painter != null) {
            painter.clear();
            showPicture();
        }
    }

    @Override
    void beforeCommand() {
        if (session != null && !workbench.engines.holds(engine)) {
            endSession();
        }
    }

    @Override
    void tell() {
        final CameraStatus status = new CameraStatus();
        status.state = flow.state();
        status.ids = session == null ? new int[0] : session.objectIds();
        status.most = engine == null ? 0 : engine.spec().maxObjects;
        status.engine = engine == null ? null : engine.name();
        status.fallback = engine == null ? "" : engine.fallbackReason();
        status.note = note;
        status.selectionEmpty = selection == null || selection.isEmpty();
        status.selectionGuessed = selection != null && selection.isGuessed();
        status.stages = stages.summary();
        status.dropped = dropped;
        workbench.main.post(new Runnable() {
            @Override
            public void run() {
                if (listener != null) {
                    listener.onCameraStatus(status);
                }
            }
        });
    }
}
