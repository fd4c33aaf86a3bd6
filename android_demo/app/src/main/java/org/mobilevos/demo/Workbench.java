package org.mobilevos.demo;

import android.content.Context;
import android.os.Handler;
import android.os.HandlerThread;
import android.os.Looper;
import android.os.Process;
import java.util.Collections;
import java.util.List;
import org.mobilevos.core.ArtifactException;
import org.mobilevos.core.Engine;

/**
 * What outlives an activity: the inference thread with its engine, and the work of the three tabs. There is one, from
 * the first activity on until the user leaves the app.
 */
final class Workbench {
    /** Hears of what concerns all tabs. */
    interface Listener {
        /** Long work has begun or ended, or the models are known. */
        void onWorkbenchChanged();
    }

    private static Workbench instance;

    final Context context;
    final Settings settings;
    final Models models;
    /** Opens and closes engines; for the inference thread only. */
    final EngineSlot engines;
    final Handler main = new Handler(Looper.getMainLooper());
    /** Runs what is posted in the inference thread, in turn. */
    final Handler inference;
    final CameraFollower camera;
    final VideoWork video;
    final BenchWork bench;
    private final HandlerThread thread;
    private volatile List<Models.Model> list = Collections.emptyList();
    private Listener listener;
    private int busy;

    private Workbench(Context context) {
        this.context = context;
        settings = new Settings(context);
        models = new Models(context);
        engines = new EngineSlot(models);
        thread = new HandlerThread("inference", Process.THREAD_PRIORITY_DISPLAY);
        thread.start();
        inference = new Handler(thread.getLooper());
        camera = new CameraFollower(this);
        video = new VideoWork(this);
        bench = new BenchWork(this);
        inference.post(new Runnable() {
            @Override
            public void run() {
                list = models.list();
                notifyChanged();
            }
        });
    }

    /** The app's workbench, which is made if there is none. For the UI thread. */
    static Workbench of(Context context) {
        if (instance == null) {
            instance = new Workbench(context.getApplicationContext());
        }
        return instance;
    }

    void setListener(Listener newListener) {
        listener = newListener;
    }

    /**
     * An activity ends, for good or not. Where another one has come already, as Android may let it, that one keeps
     * everything.
     */
    void leave(Listener leaving, boolean forGood) {
        if (listener == leaving) {
            listener = null;
            if (forGood) {
                close();
            }
        }
    }

    /** All artifacts in the app; none before they have been read. */
    List<Models.Model> list() {
        return list;
    }

    /** The chosen artifact, or the first that can be used; null where there is none. */
    Models.Model chosen() {
        Models.Model first = null;
        for (Models.Model model : list) {
            if (model.spec != null && model.name.equals(settings.model())) {
                return model;
            }
            if (model.spec != null && first == null) {
                first = model;
            }
        }
        return first;
    }

    /**
     * Opens the chosen artifact as the settings say; in the inference thread.
     *
     * @throws org.mobilevos.core.MobileVosException it cannot be used
     */
    Engine openChosen() {
        Models.Model model = chosen();
        if (model == null) {
            throw new ArtifactException(list.isEmpty()
                    ? "the app was built without a model; README.md says how to put one in"
                    : list.get(0).problem);
        }
        return engines.open(model.name, settings.options());
    }

    /**
     * Takes the inference thread for long work, such as a video; false where it is taken already. For the UI thread.
     */
    boolean begin(int what) {
        if (busy != 0) {
            return false;
        }
        busy = what;
        notifyChanged();
        return true;
    }

    /** The long work has ended. For any thread. */
    void end() {
        main.post(new Runnable() {
            @Override
            public void run() {
                busy = 0;
                notifyChanged();
            }
        });
    }

    /** The string that names the long work; 0 for none. For the UI thread. */
    int busy() {
        return busy;
    }

    /** Opens the model anew after a change of the settings. */
    void settingsChanged() {
        camera.prepare();
        notifyChanged();
    }

    /** Ends everything: the user has left the app. The engine is closed in its own thread, after what that is doing. */
    private void close() {
        instance = null;
        video.cancel();
        bench.cancel();
        inference.post(new Runnable() {
            @Override
            public void run() {
                video.release();
                engines.close();
                thread.quit();
            }
        });
    }

    private void notifyChanged() {
        main.post(new Runnable() {
            @Override
            public void run() {
                if (listener != null) {
                    listener.onWorkbenchChanged();
                }
            }
        });
    }
}
